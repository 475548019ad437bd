using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Integrations;

/// <summary>The replicas of a model, among which an endpoint picker chooses.</summary>
[KubernetesEntity(Group = "inference.networking.k8s.io", ApiVersion = "v1", Kind = "InferencePool", PluralName = "inferencepools")]
internal sealed record InferencePool : IKubernetesObject
{
    public string? ApiVersion { get; init; } = "inference.networking.k8s.io/v1";
    public string? Kind { get; init; } = "InferencePool";
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>As the kind's own project has it.</summary>
    public JsonElement? Spec { get; init; }
}
