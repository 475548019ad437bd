using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.ServingContract;

namespace Octavo.Operator.Entities;

/// <summary>The body of a server-side apply of the status: an InferenceService without its spec, so that no write can touch the spec.</summary>
[KubernetesEntity(
    Group = ServingLabels.Group,
    ApiVersion = V1Alpha1InferenceService.EntityApiVersion,
    Kind = V1Alpha1InferenceService.EntityKind,
    PluralName = V1Alpha1InferenceService.EntityPlural)]
public sealed record V1Alpha1InferenceServiceStatusApply : IKubernetesObject
{
    public string? ApiVersion { get; init; } = V1Alpha1InferenceService.GroupVersion;
    public string? Kind { get; init; } = V1Alpha1InferenceService.EntityKind;
    public V1ObjectMeta Metadata { get; init; } = new();
    public InferenceServiceStatus? Status { get; init; }
}
