using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Rollout;

/// <summary>Is there room for so many pods more?</summary>
internal sealed record CapacityQuestion
{
    public required ClusterCapacity Cluster { get; init; }

    /// <summary>The pod that is to be placed, as the API server would store it.</summary>
    public required V1Pod Pod { get; init; }

    /// <summary>How many of it.</summary>
    public required int Wanted { get; init; }

    /// <summary>The service's own pods that stay on their nodes; those that go are left out, because their room comes back.</summary>
    public IReadOnlyList<V1Pod> Staying { get; init; } = [];

    /// <summary>Extended resource that is named in sentences; null where there is none.</summary>
    public string? Accelerator { get; init; }

    /// <summary>The only nodes where a volume can be mounted; null: all.</summary>
    public IReadOnlySet<string>? OnlyNodes { get; init; }
}
