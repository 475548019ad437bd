using Octavo.KubernetesClient.Models;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Tests.Resources;

/// <summary>Pod templates without a controller.</summary>
internal static class TemplateOf
{
    public static V1PodTemplateSpec Service(V1Alpha1InferenceService service, string image = "image", string revision = ServingPodTemplate.Revision) =>
        All(service, image, revision).Main;

    public static PodTemplates All(V1Alpha1InferenceService service, string image = "image", string revision = ServingPodTemplate.Revision) => ServingPodTemplate.Build(new PodTemplateInputs
    {
        Service = service, Model = ModelSource.Of(service.Spec)!, Dialect = RuntimeDialects.Of(service), RuntimeImage = image, FetchImage = image, Revision = revision,
    });
}
