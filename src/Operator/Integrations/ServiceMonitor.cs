using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Integrations;

/// <summary>Tells the Prometheus Operator which pods behind a Service to scrape.</summary>
[KubernetesEntity(Group = "monitoring.coreos.com", ApiVersion = "v1", Kind = "ServiceMonitor", PluralName = "servicemonitors")]
internal sealed record ServiceMonitor : IKubernetesObject
{
    public string? ApiVersion { get; init; } = "monitoring.coreos.com/v1";
    public string? Kind { get; init; } = "ServiceMonitor";
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>As the kind's own project has it.</summary>
    public JsonElement? Spec { get; init; }
}
