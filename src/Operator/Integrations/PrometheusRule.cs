using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Integrations;

/// <summary>Alerts of the Prometheus Operator.</summary>
[KubernetesEntity(Group = "monitoring.coreos.com", ApiVersion = "v1", Kind = "PrometheusRule", PluralName = "prometheusrules")]
internal sealed record PrometheusRule : IKubernetesObject
{
    public string? ApiVersion { get; init; } = "monitoring.coreos.com/v1";
    public string? Kind { get; init; } = "PrometheusRule";
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>As the kind's own project has it.</summary>
    public JsonElement? Spec { get; init; }
}
