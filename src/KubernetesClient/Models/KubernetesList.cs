namespace Octavo.KubernetesClient.Models;

/// <summary>A list of any kind.</summary>
public sealed record KubernetesList<T> where T : class
{
    public string? ApiVersion { get; init; }
    public string? Kind { get; init; }
    public V1ListMeta Metadata { get; init; } = new();
    public IReadOnlyList<T> Items { get; init; } = [];
}

public sealed record V1ListMeta
{
    public string? ResourceVersion { get; init; }
    public string? Continue { get; init; }
    public long? RemainingItemCount { get; init; }
}
