using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Sidecar;

/// <summary>
/// What a sidecar is made from. As long as it stays the same, so does the sidecar. Of the service it is what its own pods are made from, without what is no matter
/// of a pod that belongs to somebody else: labels, placement, priority, how long it drains.
/// </summary>
internal static class SidecarWishes
{
    public static string Hash(V1Alpha1InferenceService service, SidecarRequest request)
    {
        var secrets = service.Spec.PodTemplate?.ImagePullSecrets;
        var wishes = TemplateWishes.Of(service) with { DrainSeconds = null, PodTemplate = secrets is { Count: > 0 } ? new PodTemplateSpec { ImagePullSecrets = secrets } : null };
        return AppliedFields.Hash(CanonicalJson.Of(new JsonObject { ["service"] = request.Service, ["port"] = request.Port, ["wishes"] = KubernetesJson.ToNode(wishes) })!);
    }
}
