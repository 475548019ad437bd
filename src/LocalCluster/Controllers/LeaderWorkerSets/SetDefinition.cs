using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.LeaderWorkerSets;

/// <summary>The definition of LeaderWorkerSets, of which only the existence matters.</summary>
[KubernetesEntity(Group = "apiextensions.k8s.io", ApiVersion = "v1", Kind = "CustomResourceDefinition", PluralName = "customresourcedefinitions", Namespaced = false)]
internal sealed record SetDefinition : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "apiextensions.k8s.io/v1";
    public string? Kind { get; init; } = "CustomResourceDefinition";
    public V1ObjectMeta Metadata { get; init; } = new();
}
