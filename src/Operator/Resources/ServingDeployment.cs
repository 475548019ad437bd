using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Resources;

/// <summary>The Deployment of an InferenceService.</summary>
internal static class ServingDeployment
{
    /// <summary>How long a rollout may stand still before it counts as stuck: images and weights are large.</summary>
    private const int ProgressDeadlineSeconds = 3600;

    public static V1Deployment Build(V1Alpha1InferenceService service, int replicas, TemplateRecord template)
    {
        // Accelerators are scarce: a surge would wait for one that only the old replica can give back.
        var surge = service.Spec.Accelerator is null ? 1 : 0;
        return new V1Deployment
        {
            Metadata = ServingObjectMeta.Create(service, template.Annotations()),
            Spec = new V1DeploymentSpec
            {
                Replicas = replicas,
                Selector = new V1LabelSelector { MatchLabels = ServingObjectMeta.SelectorLabels(service) },
                Template = template.Template,
                Strategy = new V1DeploymentStrategy
                {
                    Type = "RollingUpdate",
                    RollingUpdate = new V1RollingUpdateDeployment { MaxSurge = surge, MaxUnavailable = 1 - surge },
                },
                RevisionHistoryLimit = 3,
                ProgressDeadlineSeconds = ProgressDeadlineSeconds,
            },
        };
    }
}
