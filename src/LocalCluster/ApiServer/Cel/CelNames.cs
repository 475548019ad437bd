namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>Walks expressions.</summary>
internal static class CelNames
{
    public static bool Uses(CelNode node, string name) => node is CelNode.Identifier identifier ? identifier.Name == name : Children(node).Any(c => Uses(c, name));

    public static IEnumerable<CelNode> Children(CelNode node) => node switch
    {
        CelNode.Select select => [select.Operand],
        CelNode.Call call => call.Target is null ? call.Arguments : [call.Target, .. call.Arguments],
        CelNode.List list => list.Items,
        CelNode.Map map => map.Entries.SelectMany(e => new[] { e.Key, e.Value }),
        CelNode.Comprehension comprehension => new[] { comprehension.Range, comprehension.Predicate, comprehension.Transform }.OfType<CelNode>(),
        _ => [],
    };
}
