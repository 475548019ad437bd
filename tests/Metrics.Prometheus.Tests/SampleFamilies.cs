namespace Octavo.Metrics.Prometheus.Tests;

/// <summary>Families that touch every rule of the text format.</summary>
internal static class SampleFamilies
{
    public static IReadOnlyList<MetricFamily> All { get; } =
    [
        new("octavo_requests_total", "Requests, by \"code\".\nSecond line, a back\\slash.", MetricType.Counter,
        [
            new MetricSample([new("code", "200"), new("model", "plain")], 3),
            new MetricSample([new("code", "500"), new("model", "quote \" slash \\ line\nend ü")], 1e21),
        ]),
        new("octavo_load_ratio", "A gauge without labels.", MetricType.Gauge, [new MetricSample([], 0.1)]),
        new("octavo_extremes", "Numbers at the edge.", MetricType.Gauge,
        [
            new MetricSample([new("kind", "inf")], double.PositiveInfinity),
            new MetricSample([new("kind", "nan")], double.NaN),
            new MetricSample([new("kind", "negative_inf")], double.NegativeInfinity),
            new MetricSample([new("kind", "small")], -1.5e-9),
        ]),
        new("octavo_latency_seconds", "A histogram.", MetricType.Histogram,
        [
            new MetricSample([new("model", "m")], 0, new HistogramSnapshot([0.25, 1, 10], [2, 0, 1, 4], 45.5)),
        ]),
    ];
}
