namespace Octavo.KubernetesClient.Models;

/// <summary>Body of a delete.</summary>
public sealed record V1DeleteOptions
{
    public string ApiVersion { get; init; } = "v1";
    public string Kind { get; init; } = "DeleteOptions";
    public long? GracePeriodSeconds { get; init; }

    /// <summary>Background, Foreground or Orphan.</summary>
    public string? PropagationPolicy { get; init; }

    public V1Preconditions? Preconditions { get; init; }
}

public sealed record V1Preconditions
{
    public string? Uid { get; init; }
    public string? ResourceVersion { get; init; }
}
