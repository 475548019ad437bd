using System.Globalization;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Templates;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Resources;

/// <summary>The Deployment of an InferenceService. Pure.</summary>
internal static class ServingDeployment
{
    public static V1Deployment Build(WorkloadPlan plan) => new()
    {
        Metadata = ServingObjectMeta.Create(plan.Service, plan.Template.Annotations()),
        Spec = new V1DeploymentSpec
        {
            Replicas = plan.Replicas,
            Selector = new V1LabelSelector { MatchLabels = ServingObjectMeta.SelectorLabels(plan.Service) },
            Template = plan.Template.Template,
            Strategy = new V1DeploymentStrategy
            {
                Type = "RollingUpdate",
                RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = plan.Bounds.MaxSurge, MaxUnavailable = plan.Bounds.MaxUnavailable },
            },
            RevisionHistoryLimit = 3,
            ProgressDeadlineSeconds = plan.Bounds.ProgressDeadlineSeconds,
            Paused = plan.Bounds.IsPaused ? true : null,
        },
    };

    public static WorkloadState Read(V1Deployment deployment)
    {
        var status = deployment.Status ?? new V1DeploymentStatus();
        return new WorkloadState
        {
            Kind = "Deployment",
            Object = deployment,
            Template = deployment.Spec?.Template is { } template ? new LiveTemplate(template, deployment.Metadata.Annotations) : null,
            WantedReplicas = deployment.Spec?.Replicas,
            Replicas = status.Replicas ?? 0,
            UpdatedReplicas = status.UpdatedReplicas ?? 0,
            ReadyReplicas = status.ReadyReplicas ?? 0,
            AvailableReplicas = status.AvailableReplicas ?? 0,
            IsObserved = status.ObservedGeneration >= deployment.Metadata.Generation,
            MaxSurge = int.TryParse(deployment.Spec?.Strategy?.RollingUpdate?.MaxSurge?.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var surge) ? surge : null,
            IsPaused = deployment.Spec?.Paused == true,
            Stuck = Trouble(status, "Progressing", "False", "ProgressDeadlineExceeded", "The rollout stands still."),
            CannotCreatePods = Trouble(status, "ReplicaFailure", "True", "ReplicaFailure", "Pods cannot be created."),
        };
    }

    private static WorkloadTrouble? Trouble(V1DeploymentStatus status, string type, string value, string reason, string message) =>
        status.Conditions?.FirstOrDefault(c => c.Type == type && c.Status == value) is { } condition ? new WorkloadTrouble(condition.Reason ?? reason, condition.Message ?? message) : null;
}
