namespace Octavo.KubernetesClient.Models;

/// <summary>A condition of <c>meta/v1</c>.</summary>
public sealed record V1Condition : KubernetesRecord
{
    /// <summary>What the condition tells of, in CamelCase.</summary>
    public required string Type { get; init; }

    /// <summary>True, False or Unknown.</summary>
    public required string Status { get; init; }

    /// <summary>Why it has this status, in CamelCase, for machines.</summary>
    public string? Reason { get; init; }
    /// <summary>Why it has this status, in words, for people.</summary>
    public string? Message { get; init; }
    /// <summary>When the status last changed.</summary>
    public DateTimeOffset? LastTransitionTime { get; init; }
    /// <summary>The metadata.generation that the condition was computed from.</summary>
    public long? ObservedGeneration { get; init; }
}
