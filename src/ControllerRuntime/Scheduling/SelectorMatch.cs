using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Scheduling;

/// <summary>Whether labels satisfy a selector of an object's spec. Pure.</summary>
public static class SelectorMatch
{
    /// <summary>An absent selector matches nothing, an empty one everything.</summary>
    public static bool Matches(V1LabelSelector? selector, IReadOnlyDictionary<string, string>? labels) =>
        selector is not null && Matches(selector.MatchLabels, labels) && (selector.MatchExpressions ?? []).All(e => Matches(e.Key, e.Operator, e.Values, labels));

    /// <summary>All of <paramref name="wanted"/> are among the labels.</summary>
    public static bool Matches(IReadOnlyDictionary<string, string>? wanted, IReadOnlyDictionary<string, string>? labels) =>
        wanted is null || wanted.All(w => labels is not null && labels.TryGetValue(w.Key, out var value) && value == w.Value);

    /// <summary>One requirement of a label selector or of node affinity (which adds Gt and Lt).</summary>
    public static bool Matches(string key, string @operator, IReadOnlyList<string>? values, IReadOnlyDictionary<string, string>? labels)
    {
        string? value = null;
        var present = labels is not null && labels.TryGetValue(key, out value);
        return @operator switch
        {
            "In" => present && values is not null && values.Contains(value!, StringComparer.Ordinal),
            "NotIn" => !present || values is null || !values.Contains(value!, StringComparer.Ordinal),
            "Exists" => present,
            "DoesNotExist" => !present,
            "Gt" => present && Compare(value!, values) is > 0,
            "Lt" => present && Compare(value!, values) is < 0,
            _ => false,
        };
    }

    private static int? Compare(string value, IReadOnlyList<string>? values) =>
        values is [var bound] && long.TryParse(value, out var left) && long.TryParse(bound, out var right) ? left.CompareTo(right) : null;
}
