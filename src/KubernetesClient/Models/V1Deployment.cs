namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "Deployment", PluralName = "deployments")]
public sealed record V1Deployment : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "apps/v1";
    public string? Kind { get; init; } = "Deployment";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1DeploymentSpec? Spec { get; init; }
    public V1DeploymentStatus? Status { get; init; }
}

public sealed record V1DeploymentSpec : KubernetesRecord
{
    public int? Replicas { get; init; }
    public V1LabelSelector? Selector { get; init; }
    public V1PodTemplateSpec? Template { get; init; }
    public V1DeploymentStrategy? Strategy { get; init; }
    public int? MinReadySeconds { get; init; }
    public int? RevisionHistoryLimit { get; init; }
    public int? ProgressDeadlineSeconds { get; init; }
    public bool? Paused { get; init; }
}

public sealed record V1DeploymentStrategy : KubernetesRecord
{
    /// <summary>RollingUpdate or Recreate.</summary>
    public string? Type { get; init; }

    public V1RollingUpdateDeployment? RollingUpdate { get; init; }
}

public sealed record V1RollingUpdateDeployment : KubernetesRecord
{
    public IntOrString? MaxSurge { get; init; }
    public IntOrString? MaxUnavailable { get; init; }
}

/// <summary>Counts that are zero are absent on the wire.</summary>
public sealed record V1DeploymentStatus : KubernetesRecord
{
    public long? ObservedGeneration { get; init; }
    public int? Replicas { get; init; }
    public int? UpdatedReplicas { get; init; }
    public int? ReadyReplicas { get; init; }
    public int? AvailableReplicas { get; init; }
    public int? UnavailableReplicas { get; init; }
    public int? TerminatingReplicas { get; init; }
    public int? CollisionCount { get; init; }
    public IReadOnlyList<V1DeploymentCondition>? Conditions { get; init; }
}

public sealed record V1DeploymentCondition : KubernetesRecord
{
    public required string Type { get; init; }
    public required string Status { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? LastUpdateTime { get; init; }
    public DateTimeOffset? LastTransitionTime { get; init; }
}
