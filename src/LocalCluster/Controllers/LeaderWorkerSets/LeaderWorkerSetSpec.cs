using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

internal sealed record LeaderWorkerSetSpec : KubernetesRecord
{
    /// <summary>Groups, each a leader with its workers.</summary>
    public int? Replicas { get; init; }

    public LeaderWorkerTemplate? LeaderWorkerTemplate { get; init; }
    public GroupRolloutStrategy? RolloutStrategy { get; init; }

    /// <summary>LeaderCreated (the default) or LeaderReady: when a group's workers are made.</summary>
    public string? StartupPolicy { get; init; }
}

internal sealed record LeaderWorkerTemplate : KubernetesRecord
{
    /// <summary>Absent: leaders are made like workers.</summary>
    public V1PodTemplateSpec? LeaderTemplate { get; init; }

    public V1PodTemplateSpec? WorkerTemplate { get; init; }

    /// <summary>Pods of a group, the leader included.</summary>
    public int? Size { get; init; }

    /// <summary>RecreateGroupOnPodRestart (the default) or None.</summary>
    public string? RestartPolicy { get; init; }
}

internal sealed record GroupRolloutStrategy : KubernetesRecord
{
    public GroupRollingUpdate? RollingUpdateConfiguration { get; init; }
}

internal sealed record GroupRollingUpdate : KubernetesRecord
{
    public IntOrString? MaxUnavailable { get; init; }
    public IntOrString? MaxSurge { get; init; }
    public int? Partition { get; init; }
}
