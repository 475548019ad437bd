using System.Diagnostics.Metrics;

namespace Octavo.ServingRuntime.Observability;

/// <summary>Every instrument of the HTTP side, under the names that vLLM's server exposes. Labels have few values: route patterns, known methods, classes of status.</summary>
internal sealed class HttpMetrics
{
    public const string MeterName = "Octavo.ServingRuntime.Http";

    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

    private readonly Counter<long> requests;
    private readonly Histogram<double> durations;
    private int inProgress;

    public HttpMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create(MeterName);
        requests = meter.CreateCounter<long>("http_requests_total", description: "HTTP requests by route, method and class of status.");
        durations = meter.CreateHistogram(
            "http_request_duration_seconds", unit: "s", description: "Duration of HTTP requests by route and method.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.005, .01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] });
    }

    /// <summary>API requests that have come and not been answered yet.</summary>
    public int InProgress => Volatile.Read(ref inProgress);

    public void Enter() => Interlocked.Increment(ref inProgress);

    public void Leave() => Interlocked.Decrement(ref inProgress);

    public void Record(string handler, string method, int status, TimeSpan duration)
    {
        var known = Methods.Contains(method, StringComparer.Ordinal) ? method : "OTHER";
        requests.Add(1, new("handler", handler), new("method", known), new("status", Class(status)));
        durations.Record(duration.TotalSeconds, new("handler", handler), new KeyValuePair<string, object?>("method", known));
    }

    private static string Class(int status) => (status / 100) switch
    {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    };
}
