using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Octavo.ControllerRuntime;

namespace Octavo.Operator.Metrics;

/// <summary>The operator's own instruments.</summary>
internal sealed class OperatorMetrics
{
    public const string MeterName = "Octavo.Operator";

    private readonly ConcurrentDictionary<NamespacedName, (int Desired, int Ready)> replicas = new();
    private readonly Counter<long> decisions;
    private readonly Counter<long> scrapes;

    public OperatorMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        meter.CreateObservableGauge("octavo_inference_service_desired_replicas", () => Measure(r => r.Desired), description: "Replicas that are wanted.");
        meter.CreateObservableGauge("octavo_inference_service_ready_replicas", () => Measure(r => r.Ready), description: "Replicas that are ready.");
        decisions = meter.CreateCounter<long>("octavo_autoscaler_decisions_total", description: "Changes of the number of replicas by the autoscaler.");
        scrapes = meter.CreateCounter<long>("octavo_autoscaler_scrapes_total", description: "Reads of replicas' metrics, by result.");
    }

    public void Observe(NamespacedName service, int desired, int ready) => replicas[service] = (desired, ready);

    public void Forget(NamespacedName service) => replicas.TryRemove(service, out _);

    public void Decided(NamespacedName service, string reason, int from, int to) =>
        decisions.Add(1, new("namespace", service.Namespace), new("name", service.Name), new("direction", to > from ? "up" : "down"), new("reason", reason));

    public void Scraped(bool success) => scrapes.Add(1, new KeyValuePair<string, object?>("result", success ? "success" : "failure"));

    private IEnumerable<Measurement<int>> Measure(Func<(int Desired, int Ready), int> value) =>
        replicas.Select(r => new Measurement<int>(value(r.Value), new("namespace", r.Key.Namespace), new("name", r.Key.Name)));
}
