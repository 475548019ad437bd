using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Integrations;

/// <summary>Tells the Prometheus Operator which pods to scrape.</summary>
[KubernetesEntity(Group = "monitoring.coreos.com", ApiVersion = "v1", Kind = "PodMonitor", PluralName = "podmonitors")]
internal sealed record PodMonitor : IKubernetesObject
{
    public string? ApiVersion { get; init; } = "monitoring.coreos.com/v1";
    public string? Kind { get; init; } = "PodMonitor";
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>As the kind's own project has it.</summary>
    public JsonElement? Spec { get; init; }
}
