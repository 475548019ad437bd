using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Resources;

/// <summary>The Deployment of an InferenceService.</summary>
internal static class ServingDeployment
{
    /// <summary>How long a rollout may stand still before it counts as stuck: images and weights are large.</summary>
    private const int ProgressDeadlineSeconds = 3600;

    public static V1Deployment Build(V1Alpha1InferenceService service, int replicas, string image, ModelSource model)
    {
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [ServingObjectMeta.TemplateRevision] = ServingPodTemplate.Revision,
            [ServingObjectMeta.TemplateSource] = SourceHash(service),
        };
        // Accelerators are scarce: a surge would wait for one that only the old replica can give back.
        var surge = service.Spec.Accelerator is null ? 1 : 0;
        return new V1Deployment
        {
            Metadata = ServingObjectMeta.Create(service, annotations),
            Spec = new V1DeploymentSpec
            {
                Replicas = replicas,
                Selector = new V1LabelSelector { MatchLabels = ServingObjectMeta.SelectorLabels(service) },
                Template = ServingPodTemplate.Build(service, image, model),
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

    /// <summary>
    /// The runtime image: the user's, or the operator's default. While the user's wishes are those that the live Deployment was made from, its
    /// image stays, so that an operator with another default rolls nothing by itself.
    /// </summary>
    public static string ChooseImage(V1Alpha1InferenceService service, V1Deployment? live, string defaultImage)
    {
        if (service.Spec.Runtime?.Image is { } chosen)
        {
            return chosen;
        }

        var unchanged = live?.Metadata.Annotations?.GetValueOrDefault(ServingObjectMeta.TemplateSource) == SourceHash(service);
        return (unchanged ? live?.Spec?.Template?.Spec?.Containers?.FirstOrDefault(c => c.Name == ServingPodTemplate.RuntimeContainer)?.Image : null) ?? defaultImage;
    }

    /// <summary>Hash of the parts of the spec that the pod template is made from: not the number of replicas, nor the autoscaler's settings.</summary>
    public static string SourceHash(V1Alpha1InferenceService service) =>
        AppliedFields.Hash(KubernetesJson.ToNode(service.Spec with { Replicas = null, Autoscaling = null }) as JsonObject ?? []);
}
