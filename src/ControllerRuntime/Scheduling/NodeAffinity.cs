using System.Text.Json;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Scheduling;

/// <summary>Node selector and node affinity. Pure.</summary>
public static class NodeAffinity
{
    /// <summary>The node satisfies the pod's nodeSelector and one term of its required affinity.</summary>
    public static bool Allows(V1Pod pod, V1Node node) =>
        SelectorMatch.Matches(pod.Spec?.NodeSelector, node.Metadata.Labels)
        && (Element(pod, "requiredDuringSchedulingIgnoredDuringExecution") is not { } required
            || Items(required, "nodeSelectorTerms").Any(t => MatchesTerm(t, node)));

    /// <summary>Sum of the weights of the preferences that the node satisfies.</summary>
    public static int Preference(V1Pod pod, V1Node node) =>
        Element(pod, "preferredDuringSchedulingIgnoredDuringExecution") is { ValueKind: JsonValueKind.Array } preferred
            ? preferred.EnumerateArray().Where(p => p.TryGetProperty("preference", out var term) && MatchesTerm(term, node)).Sum(p => p.GetProperty("weight").GetInt32())
            : 0;

    private static JsonElement? Element(V1Pod pod, string name) =>
        pod.Spec?.Affinity is { ValueKind: JsonValueKind.Object } affinity && affinity.TryGetProperty("nodeAffinity", out var node) && node.TryGetProperty(name, out var value) ? value : null;

    /// <summary>All of a term's requirements; a term without any matches nothing.</summary>
    private static bool MatchesTerm(JsonElement term, V1Node node)
    {
        var expressions = Items(term, "matchExpressions").ToList();
        var fields = Items(term, "matchFields").ToList();
        var nameAsField = new Dictionary<string, string> { ["metadata.name"] = node.Metadata.Name! };
        return expressions.Count + fields.Count > 0
            && expressions.All(e => Matches(e, node.Metadata.Labels))
            && fields.All(f => Matches(f, nameAsField));
    }

    private static bool Matches(JsonElement requirement, IReadOnlyDictionary<string, string>? labels) => SelectorMatch.Matches(
        requirement.GetProperty("key").GetString()!,
        requirement.GetProperty("operator").GetString()!,
        [.. Items(requirement, "values").Select(v => v.GetString()!)],
        labels);

    private static IEnumerable<JsonElement> Items(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];
}
