namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "ReplicaSet", PluralName = "replicasets")]
public sealed record V1ReplicaSet : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "apps/v1";
    public string? Kind { get; init; } = "ReplicaSet";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1ReplicaSetSpec? Spec { get; init; }
    public V1ReplicaSetStatus? Status { get; init; }
}

public sealed record V1ReplicaSetSpec : KubernetesRecord
{
    public int? Replicas { get; init; }
    public int? MinReadySeconds { get; init; }
    public V1LabelSelector? Selector { get; init; }
    public V1PodTemplateSpec? Template { get; init; }
}

public sealed record V1ReplicaSetStatus : KubernetesRecord
{
    /// <summary>Written even at zero, as the API server does.</summary>
    public int Replicas { get; init; }

    public int? FullyLabeledReplicas { get; init; }
    public int? ReadyReplicas { get; init; }
    public int? AvailableReplicas { get; init; }
    public int? TerminatingReplicas { get; init; }
    public long? ObservedGeneration { get; init; }
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
