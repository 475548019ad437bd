using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Metrics;
using Octavo.ControllerRuntime.Queue;
using Octavo.Gateway.Metrics;
using Octavo.Gateway.Picking;
using Octavo.Gateway.Routing;
using Octavo.KubernetesClient.Http;
using Octavo.Metrics.Prometheus;
using Octavo.Operator.Entities;
using Octavo.Operator.Metrics;
using Octavo.ServingContract;

namespace Octavo.Installation.Tests.Monitoring;

/// <summary>Every series that /metrics of operator, gateway and replicas may show, with its labels; of the first two as they are exposed after everything happened once.</summary>
internal static class MetricInventory
{
    public static IReadOnlyDictionary<string, IReadOnlySet<string>> Series()
    {
        var found = new Dictionary<string, IReadOnlySet<string>>(StringComparer.Ordinal);
        foreach (var family in Exposed())
        {
            var labels = family.Samples.SelectMany(s => s.Labels).Select(l => l.Key).Concat(TargetLabels).ToHashSet(StringComparer.Ordinal);
            if (family.Type == MetricType.Histogram)
            {
                found[family.Name + "_sum"] = labels;
                found[family.Name + "_count"] = labels;
                found[family.Name + "_bucket"] = new HashSet<string>(labels, StringComparer.Ordinal) { "le" };
            }
            else
            {
                found[family.Name] = labels;
            }
        }

        foreach (var name in typeof(ServingMetricNames).GetFields().Select(f => (string)f.GetRawConstantValue()!))
        {
            var labels = new HashSet<string>([.. TargetLabels, "model_name", "engine", "le", "reason", "source", "finished_reason", "device"], StringComparer.Ordinal);
            foreach (var suffix in (string[])["", "_bucket", "_sum", "_count"])
            {
                found[name + suffix] = labels;
            }
        }

        return found;
    }

    /// <summary>What the PodMonitors add to each series.</summary>
    private static readonly string[] TargetLabels = ["namespace", "pod", "container", "job", "instance"];

    private static IReadOnlyList<MetricFamily> Exposed()
    {
        using var provider = new ServiceCollection().AddLogging()
            .AddSingleton<ModelDirectoryStore>().AddSingleton<GatewayMetrics>().AddSingleton<OperatorMetrics>().AddSingleton<ControllerMetrics>()
            .AddPrometheusMetrics(OperatorMetrics.MeterName, ControllerMetrics.MeterName, RestClientMetrics.MeterName, GatewayMetrics.MeterName).BuildServiceProvider();
        var collector = provider.GetRequiredService<MeterCollector>();
        Gateway(provider);
        var service = new NamespacedName("team", "chat");
        var operation = provider.GetRequiredService<OperatorMetrics>();
        operation.Observe(service, 1, 1);
        operation.ObserveSidecar(service, "injected");
        operation.Diagnosed(service, "RevisionFailed", isLoadUnknown: true);
        operation.Decided(service, "Queue", 1, 2);
        operation.Scraped(true, TimeSpan.FromSeconds(0.1));
        operation.Started(new StartupStatus { Pod = "chat-0", SchedulingSeconds = 1, TotalSeconds = 2 });
        var controllers = provider.GetRequiredService<ControllerMetrics>();
        controllers.ControllerStarted("inferenceservice", 1);
        controllers.WorkerBusy("inferenceservice", 1);
        controllers.Reconciled("inferenceservice", "error", TimeSpan.FromSeconds(1));
        controllers.Panicked("inferenceservice");
        controllers.TimedOut("inferenceservice");
        controllers.TerminalError("inferenceservice");
        controllers.Leading("octavo-operator", true);
        new RestClientMetrics(provider.GetRequiredService<IMeterFactory>().Create(RestClientMetrics.MeterName)).Answered(HttpMethod.Get, "api", null, TimeSpan.FromSeconds(1));
        using var queue = new WorkQueue("inferenceservice", TimeProvider.System, metrics: controllers);
        queue.Add(service);
        WorkOnce(queue);
        return collector.Collect();
    }

    private static void WorkOnce(WorkQueue queue)
    {
        var next = queue.GetAsync(CancellationToken.None).AsTask();
        next.IsCompletedSuccessfully.Should().BeTrue("a key waits");
        queue.Done(next.GetAwaiter().GetResult()!.Value);
    }

    private static void Gateway(IServiceProvider provider)
    {
        var route = new ModelDirectory(new Dictionary<string, ModelRoute>(), [new ModelRoute("team/chat", "chat", ["chat"], DateTimeOffset.UnixEpoch, [])], []);
        provider.GetRequiredService<ModelDirectoryStore>().Replace(route);
        var gateway = provider.GetRequiredService<GatewayMetrics>();
        gateway.Completed("chat", 200, TimeSpan.FromSeconds(1));
        gateway.InFlight("chat", 1);
        gateway.Held("chat", 1);
        gateway.HoldRejected("chat", "timeout");
        gateway.Retried("chat", "connect");
        gateway.Picked("chat", PickReason.Only);
        gateway.Ejected("chat");
        gateway.StreamBroke("chat", "reset");
        gateway.HeadersArrived("chat", TimeSpan.FromSeconds(1));
    }
}
