using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Templates;

/// <summary>One value that differs between two templates.</summary>
/// <param name="Path">As in <c>spec.containers[runtime].image</c>.</param>
/// <param name="From">JSON of the value before, texts without quotes; null: absent.</param>
/// <param name="To">The value after; null: absent.</param>
internal sealed record TemplateChange(string Path, string? From, string? To)
{
    /// <summary>All that differs, but for the hash, which does by itself.</summary>
    public static IReadOnlyList<TemplateChange> Between(V1PodTemplateSpec from, V1PodTemplateSpec to) => Between(KubernetesJson.ToNode(from), KubernetesJson.ToNode(to));

    /// <summary>The same for any two objects.</summary>
    public static IReadOnlyList<TemplateChange> Between(JsonNode from, JsonNode to)
    {
        var changes = new List<TemplateChange>();
        Compare("", from, to, changes);
        return changes;
    }

    /// <summary>The same for all templates of a replica; paths in the workers' begin with <c>worker</c>.</summary>
    public static IReadOnlyList<TemplateChange> Between(TemplateRecord from, TemplateRecord to)
    {
        var changes = new List<TemplateChange>(Between(from.Template, to.Template));
        Compare("worker", ToNode(from.WorkerTemplate), ToNode(to.WorkerTemplate), changes);
        return changes;

        static JsonNode? ToNode(V1PodTemplateSpec? template) => template is null ? null : KubernetesJson.ToNode(template);
    }

    public override string ToString() => $"{Path}: {From ?? "absent"} -> {To ?? "absent"}";

    private static void Compare(string path, JsonNode? from, JsonNode? to, List<TemplateChange> changes)
    {
        if (JsonNode.DeepEquals(from, to))
        {
            return;
        }

        if (from is JsonObject one && to is JsonObject other)
        {
            foreach (var name in one.Concat(other).Select(m => m.Key).Distinct(StringComparer.Ordinal).Where(n => n != ServingObjectMeta.TemplateHash))
            {
                Compare(path.Length == 0 ? name : $"{path}.{name}", one[name], other[name], changes);
            }
        }
        else if (from is JsonArray first && to is JsonArray second && Named(first) is { } before && Named(second) is { } after)
        {
            foreach (var name in before.Concat(after).Select(m => m.Key).Distinct(StringComparer.Ordinal))
            {
                Compare($"{path}[{name}]", before.GetValueOrDefault(name), after.GetValueOrDefault(name), changes);
            }
        }
        else
        {
            changes.Add(new TemplateChange(path, from?.ToString(), to?.ToString()));
        }
    }

    /// <summary>Items by their name; null where the list is not of named items, or a name is there twice.</summary>
    private static Dictionary<string, JsonNode>? Named(JsonArray items)
    {
        var named = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        return items.All(i => i is JsonObject item && (string?)item["name"] is { } name && named.TryAdd(name + ((string?)item["mountPath"] is { } mount ? " at " + mount : ""), item)) ? named : null;
    }
}
