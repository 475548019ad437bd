using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Workloads;

/// <summary>Groups of pods, each of a leader and its workers: an optional API (leaderworkerset.sigs.k8s.io). As much of it as the operator writes and reads.</summary>
[KubernetesEntity(Group = "leaderworkerset.x-k8s.io", ApiVersion = "v1", Kind = EntityKind, PluralName = "leaderworkersets")]
internal sealed record V1LeaderWorkerSet : KubernetesRecord, IKubernetesObject
{
    public const string EntityKind = "LeaderWorkerSet";

    /// <summary>Label on its pods; "0" is the leader.</summary>
    public const string WorkerIndexLabel = "leaderworkerset.sigs.k8s.io/worker-index";

    public string? ApiVersion { get; init; } = "leaderworkerset.x-k8s.io/v1";
    public string? Kind { get; init; } = EntityKind;
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1LeaderWorkerSetSpec? Spec { get; init; }
    public V1LeaderWorkerSetStatus? Status { get; init; }
}

internal sealed record V1LeaderWorkerSetSpec : KubernetesRecord
{
    /// <summary>Groups.</summary>
    public int? Replicas { get; init; }

    public V1LeaderWorkerTemplate? LeaderWorkerTemplate { get; init; }
    public V1LeaderWorkerSetRolloutStrategy? RolloutStrategy { get; init; }

    /// <summary>LeaderCreated or LeaderReady: when the workers are made.</summary>
    public string? StartupPolicy { get; init; }
}

internal sealed record V1LeaderWorkerTemplate : KubernetesRecord
{
    public V1PodTemplateSpec? LeaderTemplate { get; init; }
    public V1PodTemplateSpec? WorkerTemplate { get; init; }

    /// <summary>Pods of a group, the leader among them.</summary>
    public int? Size { get; init; }

    /// <summary>RecreateGroupOnPodRestart, RecreateGroupAfterStart or None.</summary>
    public string? RestartPolicy { get; init; }
}

internal sealed record V1LeaderWorkerSetRolloutStrategy : KubernetesRecord
{
    public string? Type { get; init; }
    public V1LeaderWorkerSetRollingUpdate? RollingUpdateConfiguration { get; init; }
}

internal sealed record V1LeaderWorkerSetRollingUpdate : KubernetesRecord
{
    /// <summary>Groups below this index keep their template.</summary>
    public int? Partition { get; init; }

    public IntOrString? MaxUnavailable { get; init; }
    public IntOrString? MaxSurge { get; init; }
}

/// <summary>Counts are of groups. Releases before 0.7 tell no observedGeneration.</summary>
internal sealed record V1LeaderWorkerSetStatus : KubernetesRecord
{
    public long? ObservedGeneration { get; init; }
    public int? Replicas { get; init; }
    public int? ReadyReplicas { get; init; }
    public int? UpdatedReplicas { get; init; }
    public IReadOnlyList<V1Condition>? Conditions { get; init; }
}
