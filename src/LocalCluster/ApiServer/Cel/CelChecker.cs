using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>
/// Finds what can be known to be wrong before a rule runs: names that are not bound and fields that the schema does not have. Types
/// are followed along fields, indices and macros only; where they are lost, everything is allowed.
/// </summary>
internal static class CelChecker
{
    private static readonly ResourceSchema MetadataSeen = new(new JsonObject
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["name"] = new JsonObject { ["type"] = "string" }, ["generateName"] = new JsonObject { ["type"] = "string" } },
    }, null, null, null);

    /// <returns>The first problem; null if there is none.</returns>
    public static CelException? Check(CelRule rule, ResourceSchema schema)
    {
        var scope = new Dictionary<string, ResourceSchema?>(StringComparer.Ordinal) { ["self"] = schema, ["oldSelf"] = rule.OptionalOldSelf ? null : schema };
        try
        {
            Visit(rule.Rule!, scope, schema);
            if (rule.MessageExpression is not null)
            {
                Visit(rule.MessageExpression, scope, schema);
            }

            return null;
        }
        catch (CelException e)
        {
            return e;
        }
    }

    private static ResourceSchema? Visit(CelNode node, Dictionary<string, ResourceSchema?> scope, ResourceSchema root)
    {
        switch (node)
        {
            case CelNode.Identifier identifier:
                return scope.TryGetValue(identifier.Name, out var bound) ? bound
                    : CelFunctions.TypeNames.Contains(identifier.Name) ? null
                    : throw new CelException($"undeclared reference to '{identifier.Name}' (in container '')", identifier.Position);
            case CelNode.Select select:
                return Field(Visit(select.Operand, scope, root), select, root);
            case CelNode.Comprehension comprehension:
                var range = Visit(comprehension.Range, scope, root);
                var inner = new Dictionary<string, ResourceSchema?>(scope, StringComparer.Ordinal) { [comprehension.Variable] = range?.Items };
                foreach (var part in new[] { comprehension.Predicate, comprehension.Transform }.OfType<CelNode>())
                {
                    Visit(part, inner, root);
                }

                return comprehension.Macro == "filter" ? range : null;
            case CelNode.Call { Function: "[]" } index:
                var container = Visit(index.Arguments[0], scope, root);
                Visit(index.Arguments[1], scope, root);
                return container?.Items ?? container?.AdditionalProperties;
            case CelNode.Call { Target: CelNode.Identifier space } call when !scope.ContainsKey(space.Name) && CelFunctions.IsNamespace(space.Name):
                foreach (var argument in call.Arguments)
                {
                    Visit(argument, scope, root);
                }

                return null;
            default:
                foreach (var child in CelNames.Children(node))
                {
                    Visit(child, scope, root);
                }

                return null;
        }
    }

    private static ResourceSchema? Field(ResourceSchema? operand, CelNode.Select select, ResourceSchema root)
    {
        if (operand is null || operand.Type != "object" || operand.IntOrString)
        {
            return null;
        }

        if (ReferenceEquals(operand, root) && select.Field == "metadata" && operand.Metadata is not null)
        {
            return MetadataSeen;
        }

        foreach (var (name, schema) in operand.Properties)
        {
            if (CelValues.Escape(name) == select.Field)
            {
                return schema;
            }
        }

        // Fields that are kept although no schema names them cannot be seen by rules.
        return operand.AdditionalProperties ?? throw new CelException($"undefined field '{select.Field}'", select.Position);
    }
}
