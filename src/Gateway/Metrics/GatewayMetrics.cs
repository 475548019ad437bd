using System.Diagnostics.Metrics;
using Octavo.Gateway.Picking;
using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Metrics;

/// <summary>The gateway's instruments. The label <c>model</c> is a canonical name out of the directory, or empty: never a client's invention.</summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "Octavo.Gateway";

    private readonly Counter<long> requests;
    private readonly UpDownCounter<long> inFlight;
    private readonly UpDownCounter<long> held;
    private readonly Counter<long> holdRejections;
    private readonly Counter<long> retries;
    private readonly Counter<long> picks;
    private readonly Counter<long> ejections;
    private readonly Counter<long> streamErrors;
    private readonly Histogram<double> upstreamLatency;
    private readonly Histogram<double> requestDuration;

    public GatewayMetrics(IMeterFactory factory, ModelDirectoryStore directory)
    {
        var meter = factory.Create(MeterName);
        requests = meter.CreateCounter<long>("octavo_gateway_requests_total", description: "Requests by model and status code; 499: the client left first.");
        inFlight = meter.CreateUpDownCounter<long>("octavo_gateway_inflight", description: "Requests at endpoints now.");
        held = meter.CreateUpDownCounter<long>("octavo_gateway_held_requests", description: "Requests that wait for an endpoint.");
        holdRejections = meter.CreateCounter<long>("octavo_gateway_hold_rejections_total", description: "Requests that waited in vain, by reason.");
        retries = meter.CreateCounter<long>("octavo_gateway_retries_total", description: "Attempts repeated at another endpoint, by reason.");
        picks = meter.CreateCounter<long>("octavo_gateway_picks_total", description: "Endpoints picked, by reason.");
        ejections = meter.CreateCounter<long>("octavo_gateway_ejections_total", description: "Endpoints set aside because they could not be reached.");
        streamErrors = meter.CreateCounter<long>("octavo_gateway_stream_errors_total", description: "Answers that broke off after they had begun, by reason.");
        var buckets = new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320] };
        upstreamLatency = meter.CreateHistogram("octavo_gateway_upstream_latency_seconds", description: "Time from sending a request to an endpoint until its response headers.", advice: buckets);
        requestDuration = meter.CreateHistogram("octavo_gateway_request_duration_seconds", description: "Time from a request's arrival until its answer is complete.", advice: buckets);
        meter.CreateObservableGauge("octavo_gateway_endpoints", () => Endpoints(directory.Current), description: "Ready endpoints by model.");
        meter.CreateObservableGauge("octavo_gateway_model_collisions", () => directory.Current.Collisions.Count, description: "Model names that more than one Service offers.");
    }

    public void Completed(string? model, int statusCode, TimeSpan duration)
    {
        requests.Add(1, Model(model), new("code", statusCode));
        requestDuration.Record(duration.TotalSeconds, Model(model));
    }

    public void InFlight(string model, int delta) => inFlight.Add(delta, Model(model));

    public void Held(string model, int delta) => held.Add(delta, Model(model));

    public void HoldRejected(string model, string reason) => holdRejections.Add(1, Model(model), new("reason", reason));

    public void Retried(string model, string reason) => retries.Add(1, Model(model), new("reason", reason));

    public void Picked(string model, PickReason reason) => picks.Add(1, Model(model), new("reason", reason switch
    {
        PickReason.Only => "only",
        PickReason.LeastLoaded => "least_loaded",
        PickReason.Tie => "tie",
        _ => "all_ejected",
    }));

    public void Ejected(string model) => ejections.Add(1, Model(model));

    public void StreamBroke(string model, string reason) => streamErrors.Add(1, Model(model), new("reason", reason));

    public void HeadersArrived(string model, TimeSpan latency) => upstreamLatency.Record(latency.TotalSeconds, Model(model));

    private static KeyValuePair<string, object?> Model(string? model) => new("model", model ?? "");

    private static IEnumerable<Measurement<int>> Endpoints(ModelDirectory directory) =>
        directory.Routes.GroupBy(r => r.Model, StringComparer.Ordinal).Select(g => new Measurement<int>(g.Sum(r => r.Endpoints.Count), Model(g.Key)));
}
