namespace Octavo.KubernetesClient.Models;

/// <summary>A condition of <c>meta/v1</c>.</summary>
public sealed record V1Condition : KubernetesRecord
{
    public required string Type { get; init; }

    /// <summary>True, False or Unknown.</summary>
    public required string Status { get; init; }

    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? LastTransitionTime { get; init; }
    public long? ObservedGeneration { get; init; }
}
