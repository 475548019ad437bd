using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>Objects of the Prometheus Operator that are written for the service where the cluster has their kinds, and removed when they are no longer asked for.</summary>
public sealed record MonitoringSpec
{
    /// <summary>How the replicas are scraped: by a PodMonitor, or by a ServiceMonitor. Absent: no such object is written.</summary>
    [Schema(Enum = ["PodMonitor", "ServiceMonitor"])]
    public string? Scrape { get; init; }

    /// <summary>Seconds between two scrapes. Absent: 15.</summary>
    [Schema(Minimum = 1, Maximum = 3600)]
    public int? IntervalSeconds { get; init; }

    /// <summary>Whether a PrometheusRule with alerts on this service is written. Absent: false.</summary>
    public bool? Alerts { get; init; }

    /// <summary>Further labels of these objects, by which a Prometheus selects what it reads, such as release: prometheus.</summary>
    [Schema(MaxProperties = 16, ItemMaxLength = 63)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}
