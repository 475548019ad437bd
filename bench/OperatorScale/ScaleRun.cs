using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient;
using Octavo.LocalCluster;

namespace Octavo.OperatorScale;

/// <summary>One measurement: a cluster of hollow nodes in this process, the operator in another.</summary>
internal static class ScaleRun
{
    private const string Services = "/apis/serving.octavo.dev/v1alpha1/namespaces/default/inferenceservices";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static async Task<int> RunAsync(ScaleOptions options, TextWriter output, CancellationToken cancellationToken)
    {
        await using var host = await LocalClusterHost.StartAsync(
            new LocalClusterOptions
            {
                Nodes = 0,
                MaxPodsPerNode = ScaleOptions.PodsOfANode,
                NodeList = [.. Enumerable.Range(0, options.Nodes).Select(n => new ClusterNode { Name = $"node-{n}", IsHollow = true })],
            },
            cancellationToken);
        await InstallAsync(host.Client, options.Definitions, cancellationToken);
        var requests = new RequestCount(host.Faults);
        using var process = await OperatorProcess.StartAsync(host.KubeConfigPath, options.Workers, cancellationToken);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ready = new ReadyServices(host.Client);
        var watching = ready.RunAsync(stopping.Token);

        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, options.Services), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (number, stop) => await host.Client.SendAsync(HttpMethod.Post, Services, Manifest(number, options.Replicas), "application/json", stop));
        output.WriteLine($"{options.Services} services created after {watch.Elapsed.TotalSeconds:0.0} s");
        while (ready.Count < options.Services)
        {
            if (watch.Elapsed > options.Limit)
            {
                output.WriteLine($"after {watch.Elapsed.TotalSeconds:0} s only {ready.Count} of {options.Services} are ready");
                return 1;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }

        var converged = watch.Elapsed;
        var after = await process.MetricsAsync(cancellationToken);
        var asked = requests.All;
        output.WriteLine($"all ready after {converged.TotalSeconds:0.0} s");

        if (!await QuietAsync(requests, () => watch.Elapsed > options.Limit, cancellationToken))
        {
            output.WriteLine($"after {watch.Elapsed.TotalSeconds:0} s the operator still has something to say");
            return 1;
        }

        var quiet = watch.Elapsed - ScaleOptions.QuietWindow;
        output.WriteLine($"quiet after {quiet.TotalSeconds:0.0} s");
        var before = await process.MetricsAsync(cancellationToken);
        var (asking, version) = (requests.All, await VersionsAsync(host.Client, cancellationToken));
        watch.Restart();
        await Task.Delay(options.Steady, TimeProvider.System, cancellationToken);
        var steady = watch.Elapsed;
        var later = await process.MetricsAsync(cancellationToken);
        var figures = new ScaleFigures
        {
            Services = options.Services,
            Pods = options.Pods,
            Nodes = options.Nodes,
            SecondsToConverge = converged.TotalSeconds,
            SecondsToQuiet = quiet.TotalSeconds,
            OperatorCpuSecondsToConverge = after.Sum("process_cpu_seconds_total"),
            OperatorMebibytesAfter = Mebibytes(after.Sum("process_resident_memory_bytes")),
            Reconciles = after.Sum("controller_runtime_reconcile_total"),
            ReconcileP50Milliseconds = 1000 * after.Quantile(0.5, "controller_runtime_reconcile_time_seconds"),
            ReconcileP99Milliseconds = 1000 * after.Quantile(0.99, "controller_runtime_reconcile_time_seconds"),
            QueueP99Milliseconds = 1000 * after.Quantile(0.99, "workqueue_queue_duration_seconds"),
            RequestsToConverge = asked,
            SteadySeconds = steady.TotalSeconds,
            SteadyRequests = requests.All - asking,
            SteadyWrites = Changes(version, await VersionsAsync(host.Client, cancellationToken)),
            SteadyCpuPercent = 100 * (later.Sum("process_cpu_seconds_total") - before.Sum("process_cpu_seconds_total")) / steady.TotalSeconds,
            OperatorMebibytesSteady = Mebibytes(later.Sum("process_resident_memory_bytes")),
            ClusterMebibytes = Mebibytes(Environment.WorkingSet),
        };
        var text = JsonSerializer.Serialize(figures, Indented);
        output.WriteLine(text);
        if (options.Json is { } file)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            await File.WriteAllTextAsync(file, text, cancellationToken);
        }

        await stopping.CancelAsync();
        try
        {
            await watching;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Nothing more is wanted of it.
        }

        return 0;
    }

    /// <summary>Last events and statuses are written; then nothing is left to do but to renew the lease. False where it gets too late.</summary>
    private static async Task<bool> QuietAsync(RequestCount requests, Func<bool> isLate, CancellationToken cancellationToken)
    {
        int before;
        do
        {
            if (isLate())
            {
                return false;
            }

            before = requests.All;
            await Task.Delay(ScaleOptions.QuietWindow, TimeProvider.System, cancellationToken);
        }
        while (requests.All - before > ScaleOptions.RequestsOfAQuietWindow);
        return true;
    }

    private static double Mebibytes(double bytes) => bytes / (1 << 20);

    private static JsonObject Manifest(int number, int replicas) => new()
    {
        ["apiVersion"] = "serving.octavo.dev/v1alpha1",
        ["kind"] = "InferenceService",
        ["metadata"] = new JsonObject { ["name"] = $"service-{number}", ["namespace"] = "default" },
        ["spec"] = new JsonObject { ["model"] = new JsonObject { ["uri"] = "file:///models/tiny" }, ["replicas"] = replicas },
    };

    private static async Task InstallAsync(IKubernetesClient client, string folder, CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.yaml"))
        {
            await client.ApplyManifestAsync(KubernetesYaml.Load(await File.ReadAllTextAsync(file, cancellationToken)), new ApplyOptions { FieldManager = "octavo-scale", Force = true }, cancellationToken);
        }

        while (!await IsServedAsync(client, cancellationToken))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellationToken);
        }
    }

    private static async Task<bool> IsServedAsync(IKubernetesClient client, CancellationToken cancellationToken)
    {
        try
        {
            await client.SendAsync(HttpMethod.Get, Services, null, null, cancellationToken);
            return true;
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            return false;
        }
    }

    /// <summary>Versions of what the operator writes, leases and pods left out.</summary>
    private static async Task<Dictionary<string, string>> VersionsAsync(IKubernetesClient client, CancellationToken cancellationToken)
    {
        var versions = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var kind in (string[])[Services, "/apis/apps/v1/deployments", "/api/v1/services", "/apis/apps/v1/controllerrevisions", "/api/v1/events"])
        {
            foreach (var item in (await client.SendAsync(HttpMethod.Get, kind, null, null, cancellationToken))!["items"]!.AsArray())
            {
                versions[$"{kind} {item!["metadata"]!["name"]}"] = item["metadata"]!["resourceVersion"]!.GetValue<string>();
            }
        }

        return versions;
    }

    private static int Changes(Dictionary<string, string> before, Dictionary<string, string> after) => after.Count(a => before.GetValueOrDefault(a.Key) != a.Value) + before.Keys.Except(after.Keys).Count();

    /// <summary>Which services are Ready, from a watch.</summary>
    private sealed class ReadyServices
    {
        private readonly ConcurrentDictionary<string, bool> ready = new(StringComparer.Ordinal);
        private readonly SharedInformer<Octavo.Operator.Entities.V1Alpha1InferenceService> informer;

        public ReadyServices(IKubernetesClient client)
        {
            informer = new(client, new InformerOptions(), TimeProvider.System, NullLogger.Instance);
            informer.AddEventHandler(Look, (_, service) => Look(service));
        }

        public int Count => ready.Count;

        public Task RunAsync(CancellationToken cancellationToken) => informer.RunAsync(cancellationToken);

        private void Look(Octavo.Operator.Entities.V1Alpha1InferenceService service)
        {
            if (service.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true && service.Status.ReadyReplicas == service.Spec.Replicas)
            {
                ready[service.Metadata.Name!] = true;
            }
        }
    }
}
