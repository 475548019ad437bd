namespace Octavo.KubernetesClient.Models;

[KubernetesEntity(Group = "batch", ApiVersion = "v1", Kind = "Job", PluralName = "jobs")]
public sealed record V1Job : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "batch/v1";
    public string? Kind { get; init; } = "Job";
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1JobSpec? Spec { get; init; }
    public V1JobStatus? Status { get; init; }
}

public sealed record V1JobSpec : KubernetesRecord
{
    public int? Parallelism { get; init; }
    public int? Completions { get; init; }
    public long? ActiveDeadlineSeconds { get; init; }
    public int? BackoffLimit { get; init; }
    public V1LabelSelector? Selector { get; init; }
    public bool? ManualSelector { get; init; }
    public V1PodTemplateSpec? Template { get; init; }
    public int? TtlSecondsAfterFinished { get; init; }
    public string? CompletionMode { get; init; }
    public bool? Suspend { get; init; }
    public string? PodReplacementPolicy { get; init; }
    public V1PodFailurePolicy? PodFailurePolicy { get; init; }
}

/// <summary>What a pod's failure means for its job; the first rule that matches decides, and where none does the failure counts towards the back-off limit.</summary>
public sealed record V1PodFailurePolicy : KubernetesRecord
{
    public IReadOnlyList<V1PodFailurePolicyRule>? Rules { get; init; }
}

/// <summary>Exactly one of <see cref="OnExitCodes"/> and <see cref="OnPodConditions"/> is set.</summary>
public sealed record V1PodFailurePolicyRule : KubernetesRecord
{
    /// <summary>FailJob, FailIndex, Ignore or Count.</summary>
    public required string Action { get; init; }

    public V1PodFailurePolicyOnExitCodesRequirement? OnExitCodes { get; init; }
    public IReadOnlyList<V1PodFailurePolicyOnPodConditionsPattern>? OnPodConditions { get; init; }
}

public sealed record V1PodFailurePolicyOnExitCodesRequirement : KubernetesRecord
{
    /// <summary>Absent: all containers of the pod, init containers among them.</summary>
    public string? ContainerName { get; init; }

    /// <summary>In or NotIn.</summary>
    public required string Operator { get; init; }

    /// <summary>Ascending.</summary>
    public required IReadOnlyList<int> Values { get; init; }
}

public sealed record V1PodFailurePolicyOnPodConditionsPattern : KubernetesRecord
{
    public required string Type { get; init; }

    /// <summary>True (the server's default), False or Unknown.</summary>
    public string? Status { get; init; }
}

public sealed record V1JobStatus : KubernetesRecord
{
    public int? Active { get; init; }
    public int? Ready { get; init; }
    public int? Succeeded { get; init; }
    public int? Failed { get; init; }
    public int? Terminating { get; init; }
    public DateTimeOffset? StartTime { get; init; }
    public DateTimeOffset? CompletionTime { get; init; }
    public IReadOnlyList<V1JobCondition>? Conditions { get; init; }
}

public sealed record V1JobCondition : KubernetesRecord
{
    /// <summary>Complete, Failed, Suspended, SuccessCriteriaMet or FailureTarget.</summary>
    public required string Type { get; init; }

    public required string Status { get; init; }
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? LastProbeTime { get; init; }
    public DateTimeOffset? LastTransitionTime { get; init; }
}
