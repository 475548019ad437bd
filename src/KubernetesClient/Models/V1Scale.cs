namespace Octavo.KubernetesClient.Models;

/// <summary>The scale subresource of <c>autoscaling/v1</c>; it has no path of its own.</summary>
public sealed record V1Scale : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "autoscaling/v1";
    public string? Kind { get; init; } = "Scale";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1ScaleSpec? Spec { get; init; }
    public V1ScaleStatus? Status { get; init; }
}

public sealed record V1ScaleSpec : KubernetesRecord
{
    public int? Replicas { get; init; }
}

public sealed record V1ScaleStatus : KubernetesRecord
{
    public int Replicas { get; init; }
    public string? Selector { get; init; }
}
