using System.Text.Json.Nodes;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Planning;

/// <summary>One object that the operator would write.</summary>
/// <param name="Kind">As in "Deployment".</param>
/// <param name="Name">Its name.</param>
/// <param name="Action">create, change or delete.</param>
/// <param name="Fields">What differs, as in <c>spec.replicas: 1 -> 2</c>; empty for objects that come or go whole.</param>
internal sealed record PlannedChange(string Kind, string Name, string Action, IReadOnlyList<string> Fields)
{
    private static readonly string[] ServersOwn = ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"];

    /// <summary>Null where nothing differs that a person or a cluster would notice.</summary>
    public static PlannedChange? Between(string kind, string name, JsonObject? before, JsonObject? after)
    {
        if (before is null || after is null)
        {
            return before is null && after is null ? null : new PlannedChange(kind, name, before is null ? "create" : "delete", []);
        }

        var fields = TemplateChange.Between(Notable(before), Notable(after)).OrderBy(c => c.Path, StringComparer.Ordinal).Select(c => c.ToString()).ToList();
        return fields.Count == 0 ? null : new PlannedChange(kind, name, "change", fields);
    }

    private static JsonObject Notable(JsonObject value)
    {
        var copy = value.DeepClone().AsObject();
        copy.Remove("status");
        if (copy["metadata"] is JsonObject metadata)
        {
            foreach (var field in ServersOwn)
            {
                metadata.Remove(field);
            }

            if (metadata["annotations"] is JsonObject annotations)
            {
                annotations.Remove(ServingObjectMeta.AppliedHash);
                annotations.Remove(ServingObjectMeta.TemplateSource);
            }
        }

        return copy;
    }
}
