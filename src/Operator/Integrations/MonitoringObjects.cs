using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Integrations;

/// <summary>The Prometheus Operator's objects of one service. Pure.</summary>
internal static class MonitoringObjects
{
    private const int DefaultIntervalSeconds = 15;

    /// <summary>The label of <see cref="ServingLabels.InferenceService"/> as Prometheus writes it.</summary>
    private const string ServiceLabel = "serving_octavo_dev_inference_service";

    public static PodMonitor? PodMonitor(V1Alpha1InferenceService service) => service.Spec.Monitoring is not { Scrape: "PodMonitor" } monitoring ? null : new PodMonitor
    {
        Metadata = Meta(service, monitoring),
        Spec = Spec(new JsonObject
        {
            ["selector"] = Selector(ServingObjectMeta.SelectorLabels(service)),
            ["podMetricsEndpoints"] = new JsonArray(Endpoint(monitoring)),
            ["podTargetLabels"] = new JsonArray(ServingLabels.InferenceService),
        }),
    };

    public static ServiceMonitor? ServiceMonitor(V1Alpha1InferenceService service) => service.Spec.Monitoring is not { Scrape: "ServiceMonitor" } monitoring ? null : new ServiceMonitor
    {
        Metadata = Meta(service, monitoring),
        Spec = Spec(new JsonObject
        {
            ["selector"] = Selector(ServingObjectMeta.SelectorLabels(service)),
            ["endpoints"] = new JsonArray(Endpoint(monitoring)),
            ["targetLabels"] = new JsonArray(ServingLabels.InferenceService),
        }),
    };

    /// <summary>Alerts that need the metrics of this service alone, and hold whatever scrapes them: by the label of the service, or by the pods' names.</summary>
    public static PrometheusRule? PrometheusRule(V1Alpha1InferenceService service)
    {
        if (service.Spec.Monitoring is not { Alerts: true } monitoring)
        {
            return null;
        }

        var name = ServingObjectMeta.NameOf(service);
        var series = $"{{namespace=\"{service.Metadata.NamespaceProperty}\",{ServiceLabel}=\"{name}\"}}";
        var (waiting, usage) = service.Spec.Runtime?.Dialect == "SGLang" ? ("sglang:num_queue_reqs", "sglang:token_usage") : ("vllm:num_requests_waiting", "vllm:kv_cache_usage_perc");
        var queue = (service.Spec.Autoscaling?.Targets?.QueueDepth ?? 4) * 4;
        return new PrometheusRule
        {
            Metadata = Meta(service, monitoring),
            Spec = Spec(new JsonObject
            {
                ["groups"] = new JsonArray(new JsonObject
                {
                    ["name"] = $"octavo.{service.Metadata.NamespaceProperty}.{name}",
                    ["rules"] = new JsonArray(
                        Alert("OctavoReplicaNotScraped", $"up{series} == 0", "10m", name, "a replica does not tell its metrics"),
                        Alert("OctavoQueueLong", string.Create(CultureInfo.InvariantCulture, $"avg({waiting}{series}) > {queue}"), "10m", name, "requests wait, and more replicas do not come or do not help"),
                        Alert("OctavoKVCacheFull", $"avg({usage}{series}) > 0.95", "15m", name, "the KV cache is full: requests are preempted and computed again")),
                }),
            }),
        };
    }

    private static V1ObjectMeta Meta(V1Alpha1InferenceService service, MonitoringSpec monitoring)
    {
        var meta = ServingObjectMeta.Create(service);
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in (monitoring.Labels ?? new Dictionary<string, string>()).Concat(meta.Labels!))
        {
            labels[key] = value;
        }

        return meta with { Labels = labels };
    }

    private static JsonObject Endpoint(MonitoringSpec monitoring) => new()
    {
        ["port"] = ServingPorts.HttpName,
        ["path"] = ServingPaths.Metrics,
        ["interval"] = string.Create(CultureInfo.InvariantCulture, $"{monitoring.IntervalSeconds ?? DefaultIntervalSeconds}s"),
    };

    private static JsonObject Alert(string alert, string expression, string duration, string name, string summary) => new()
    {
        ["alert"] = alert,
        ["expr"] = expression,
        ["for"] = duration,
        ["labels"] = new JsonObject { ["severity"] = "warning", ["inference_service"] = name },
        ["annotations"] = new JsonObject { ["summary"] = $"InferenceService {name}: {summary}." },
    };

    private static JsonObject Selector(IReadOnlyDictionary<string, string> labels) =>
        new() { ["matchLabels"] = new JsonObject(labels.Select(l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value))) };

    private static JsonElement Spec(JsonObject spec) => JsonSerializer.SerializeToElement(spec);
}
