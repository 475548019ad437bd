using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Integrations;

/// <summary>Leads requests from Gateways to a Service or an InferencePool.</summary>
[KubernetesEntity(Group = "gateway.networking.k8s.io", ApiVersion = "v1", Kind = "HTTPRoute", PluralName = "httproutes")]
internal sealed record HTTPRoute : IKubernetesObject
{
    public string? ApiVersion { get; init; } = "gateway.networking.k8s.io/v1";
    public string? Kind { get; init; } = "HTTPRoute";
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>As the kind's own project has it.</summary>
    public JsonElement? Spec { get; init; }
}
