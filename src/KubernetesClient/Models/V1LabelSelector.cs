namespace Octavo.KubernetesClient.Models;

/// <summary>All labels and all expressions must match; an empty selector matches everything.</summary>
public sealed record V1LabelSelector : KubernetesRecord
{
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }
    public IReadOnlyList<V1LabelSelectorRequirement>? MatchExpressions { get; init; }
}

public sealed record V1LabelSelectorRequirement : KubernetesRecord
{
    public required string Key { get; init; }

    /// <summary>In, NotIn, Exists or DoesNotExist.</summary>
    public required string Operator { get; init; }

    public IReadOnlyList<string>? Values { get; init; }
}
