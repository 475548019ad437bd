using System.Globalization;
using Octavo.Operator.Templates;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Resources;

/// <summary>The LeaderWorkerSet of an InferenceService whose replicas span nodes. Pure.</summary>
internal static class ServingLeaderWorkerSet
{
    /// <summary>
    /// Longest name of a service that can have one: the set of its workers' pods carries a label of the name, an index and a hash in 63 characters.
    /// </summary>
    public const int LongestServiceName = 42;

    private const string Suffix = "-nodes";

    /// <summary>Not the service's own: its controller makes a headless Service of the same name.</summary>
    public static string NameOf(string service) => service + Suffix;

    public static V1LeaderWorkerSet Build(WorkloadPlan plan) => new()
    {
        Metadata = ServingObjectMeta.Create(plan.Service, plan.Template.Annotations()) with { Name = NameOf(ServingObjectMeta.NameOf(plan.Service)) },
        Spec = new V1LeaderWorkerSetSpec
        {
            Replicas = plan.Replicas,
            LeaderWorkerTemplate = new V1LeaderWorkerTemplate
            {
                LeaderTemplate = plan.Template.Template,
                WorkerTemplate = plan.Template.WorkerTemplate ?? plan.Template.Template,
                Size = plan.Service.Spec.Accelerator?.Nodes ?? 1,
                // The processes of a group know each other from their start only.
                RestartPolicy = "RecreateGroupOnPodRestart",
            },
            RolloutStrategy = new V1LeaderWorkerSetRolloutStrategy
            {
                Type = "RollingUpdate",
                RollingUpdateConfiguration = new V1LeaderWorkerSetRollingUpdate
                {
                    MaxSurge = plan.Bounds.MaxSurge,
                    MaxUnavailable = plan.Bounds.MaxUnavailable,
                    Partition = plan.Bounds.IsPaused ? plan.Replicas ?? int.MaxValue : 0,
                },
            },
            StartupPolicy = "LeaderCreated",
        },
    };

    public static WorkloadState Read(V1LeaderWorkerSet set)
    {
        var status = set.Status ?? new V1LeaderWorkerSetStatus();
        var template = set.Spec?.LeaderWorkerTemplate;
        var rolling = set.Spec?.RolloutStrategy?.RollingUpdateConfiguration;
        return new WorkloadState
        {
            Kind = V1LeaderWorkerSet.EntityKind,
            Object = set,
            Template = template?.LeaderTemplate is { } leader ? new LiveTemplate(leader, set.Metadata.Annotations, template.WorkerTemplate) : null,
            WantedReplicas = set.Spec?.Replicas,
            Replicas = status.Replicas ?? 0,
            UpdatedReplicas = status.UpdatedReplicas ?? 0,
            ReadyReplicas = status.ReadyReplicas ?? 0,
            AvailableReplicas = status.ReadyReplicas ?? 0,
            IsObserved = set.Status is not null && (status.ObservedGeneration is null || status.ObservedGeneration >= set.Metadata.Generation),
            MaxSurge = int.TryParse(rolling?.MaxSurge?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var surge) ? surge : null,
            IsPaused = rolling?.Partition > 0,
        };
    }
}
