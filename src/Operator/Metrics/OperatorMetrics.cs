using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.LeaderElection;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Metrics;

/// <summary>The operator's own instruments. Series of a service end with the service, so their number follows what is there now.</summary>
internal sealed class OperatorMetrics
{
    public const string MeterName = "Octavo.Operator";

    /// <summary>Of one instrument: room for ten thousand services, of which each was scaled in both directions.</summary>
    public const int MaxSeries = 20_000;

    /// <summary>From a replica beside the operator to the end of the default deadline and beyond.</summary>
    private static readonly double[] ScrapeSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5];

    /// <summary>From a tiny model in a cache to hundreds of gigabytes over a slow line.</summary>
    private static readonly double[] StartupSeconds = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

    private readonly ConcurrentDictionary<NamespacedName, (int Desired, int Ready)> replicas = new();
    private readonly ConcurrentDictionary<(NamespacedName Service, string Direction, string Reason), long> decisions = new();
    private readonly ConcurrentDictionary<NamespacedName, string> stalled = new();
    private readonly ConcurrentDictionary<NamespacedName, bool> blind = new();
    private readonly ConcurrentDictionary<NamespacedName, string> sidecars = new();
    private readonly Leadership? leadership;
    private readonly Counter<long> scrapes;
    private readonly Histogram<double> scrapeTime;
    private readonly Histogram<double> startupTime;

    /// <param name="factory">Makes the meter.</param>
    /// <param name="leadership">Who does not lead shows no services: what it knew of them is old. Null: this process is the only one.</param>
    public OperatorMetrics(IMeterFactory factory, Leadership? leadership = null)
    {
        this.leadership = leadership;
        var meter = factory.Create(MeterName);
        meter.CreateObservableGauge("octavo_inference_service_desired_replicas", () => Measure(r => r.Desired), description: "Replicas that are wanted.");
        meter.CreateObservableGauge("octavo_inference_service_ready_replicas", () => Measure(r => r.Ready), description: "Replicas that are ready.");
        meter.CreateObservableGauge(
            "octavo_inference_service_stalled", Stalled, description: "1 for each service that only a person can help, by the reason of its condition Stalled; absent otherwise.");
        meter.CreateObservableGauge(
            "octavo_autoscaler_load_unknown", () => IfLeading(blind.Keys.Select(s => new Measurement<int>(1, Name(s)))), description: "1 for each autoscaled service whose ready replicas do not tell their load; absent otherwise.");
        meter.CreateObservableCounter("octavo_autoscaler_decisions_total", Decisions, description: "Changes of the number of replicas by the autoscaler.");
        meter.CreateObservableGauge("octavo_sidecar_deployments", Sidecars, description: "Deployments that ask for a sidecar, by how they stand: injected, waiting, refused or conflict.");
        scrapes = meter.CreateCounter<long>("octavo_autoscaler_scrapes_total", description: "Reads of replicas' metrics, by result.");
        scrapeTime = meter.CreateHistogram(
            "octavo_autoscaler_scrape_duration_seconds", "s", "How long replicas take to tell their load.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = ScrapeSeconds });
        startupTime = meter.CreateHistogram(
            "octavo_replica_startup_seconds",
            "s",
            "Where the time of replicas' starts went, by phase: scheduling, image, download, load, warm_up, and total from the pod's creation to its being ready.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = StartupSeconds });
    }

    public void Observe(NamespacedName service, int desired, int ready) => replicas[service] = (desired, ready);

    /// <param name="service">The service.</param>
    /// <param name="blocker">Reason of its condition Stalled; null: it is not.</param>
    /// <param name="isLoadUnknown">Whether it is autoscaled and its number is held for want of metrics.</param>
    public void Diagnosed(NamespacedName service, string? blocker, bool isLoadUnknown)
    {
        if (blocker is null)
        {
            stalled.TryRemove(service, out _);
        }
        else
        {
            stalled[service] = blocker;
        }

        if (isLoadUnknown)
        {
            blind[service] = true;
        }
        else
        {
            blind.TryRemove(service, out _);
        }
    }

    public void Forget(NamespacedName service)
    {
        replicas.TryRemove(service, out _);
        stalled.TryRemove(service, out _);
        blind.TryRemove(service, out _);
        foreach (var key in decisions.Keys.Where(key => key.Service == service))
        {
            decisions.TryRemove(key, out _);
        }
    }

    /// <param name="deployment">One that asks for a sidecar, or has one.</param>
    /// <param name="state">How it stands.</param>
    public void ObserveSidecar(NamespacedName deployment, string state) => sidecars[deployment] = state;

    public void ForgetSidecar(NamespacedName deployment) => sidecars.TryRemove(deployment, out _);

    public void Decided(NamespacedName service, string reason, int from, int to) =>
        decisions.AddOrUpdate((service, to > from ? "up" : "down", reason), 1, static (_, count) => count + 1);

    public void Scraped(bool success, TimeSpan time)
    {
        scrapes.Add(1, new KeyValuePair<string, object?>("result", success ? "success" : "failure"));
        scrapeTime.Record(time.TotalSeconds);
    }

    /// <summary>A replica has become ready.</summary>
    public void Started(StartupStatus startup)
    {
        Record("scheduling", startup.SchedulingSeconds);
        Record("image", startup.ImageSeconds);
        Record("download", startup.DownloadSeconds);
        Record("load", startup.LoadSeconds);
        Record("total", startup.TotalSeconds);
    }

    /// <summary>A replica has told how long its warm-up took, which is a part of its load.</summary>
    public void WarmedUp(int seconds) => Record("warm_up", seconds);

    private void Record(string phase, int? seconds)
    {
        if (seconds is { } known)
        {
            startupTime.Record(known, new KeyValuePair<string, object?>("phase", phase));
        }
    }

    private IEnumerable<Measurement<int>> Measure(Func<(int Desired, int Ready), int> value) =>
        IfLeading(replicas.Select(r => new Measurement<int>(value(r.Value), Name(r.Key))));

    private IEnumerable<Measurement<int>> Stalled() => IfLeading(stalled.Select(s => new Measurement<int>(1, [.. Name(s.Key), new("reason", s.Value)])));

    private IEnumerable<Measurement<int>> IfLeading(IEnumerable<Measurement<int>> measurements) => leadership is { IsLeader: false } ? [] : measurements;

    private static KeyValuePair<string, object?>[] Name(NamespacedName service) => [new("namespace", service.Namespace), new("name", service.Name)];

    private IEnumerable<Measurement<int>> Sidecars() =>
        IfLeading(sidecars.Values.CountBy(state => state).Select(s => new Measurement<int>(s.Value, new KeyValuePair<string, object?>("state", s.Key))));

    private IEnumerable<Measurement<long>> Decisions() => decisions.Select(d => new Measurement<long>(
        d.Value, new("namespace", d.Key.Service.Namespace), new("name", d.Key.Service.Name), new("direction", d.Key.Direction), new("reason", d.Key.Reason)));
}
