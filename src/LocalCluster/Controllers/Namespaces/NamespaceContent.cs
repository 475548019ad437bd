namespace Octavo.LocalCluster.Controllers.Namespaces;

/// <summary>What is left in a namespace that is being deleted: counts by resource and by finalizer.</summary>
internal sealed record NamespaceContent(IReadOnlyDictionary<string, int> Resources, IReadOnlyDictionary<string, int> Finalizers)
{
    public bool IsEmpty => Resources.Count == 0;
}
