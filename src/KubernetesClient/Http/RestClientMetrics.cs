using System.Diagnostics.Metrics;
using System.Globalization;

namespace Octavo.KubernetesClient.Http;

/// <summary>Requests to API servers, with the names that client-go gave them, so that its dashboards and alerts work.</summary>
public sealed class RestClientMetrics
{
    public const string MeterName = "Octavo.KubernetesClient";

    // client-go's.
    private static readonly double[] Seconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

    private readonly Counter<long> requests;
    private readonly Counter<long> retries;
    private readonly Histogram<double> durations;

    /// <param name="meter">Has the name <see cref="MeterName"/>; whoever made it disposes of it.</param>
    public RestClientMetrics(Meter meter)
    {
        requests = meter.CreateCounter<long>("rest_client_requests_total", description: "Requests to the API server, by status code, method and host; those without an answer have the code <error>.");
        retries = meter.CreateCounter<long>("rest_client_request_retries_total", description: "Requests sent again, because the server asked for it or the credential was renewed.");
        durations = meter.CreateHistogram(
            "rest_client_request_duration_seconds",
            "s",
            "Time to an API server's answer; of a watch, to its beginning.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Seconds });
    }

    /// <param name="status">Null where no answer came.</param>
    internal void Answered(HttpMethod method, string host, int? status, TimeSpan time)
    {
        var code = status is { } known ? known.ToString(CultureInfo.InvariantCulture) : "<error>";
        requests.Add(1, new("code", code), new("method", method.Method), new("host", host));
        durations.Record(time.TotalSeconds, new KeyValuePair<string, object?>("verb", method.Method), new KeyValuePair<string, object?>("host", host));
    }

    internal void Retried(HttpMethod method, string host, int status) =>
        retries.Add(1, new("code", status.ToString(CultureInfo.InvariantCulture)), new("verb", method.Method), new("host", host));
}
