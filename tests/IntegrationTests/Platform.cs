using System.Diagnostics;
using System.Text.Json.Nodes;
using Octavo.Cli.Demo;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;

namespace Octavo.IntegrationTests;

/// <summary>
/// The real executables on this machine: an embedded cluster with its node, the operator and the gateway, each its own process, as the demo and a cluster run them.
/// Shared by the tests of a collection; each test uses InferenceServices of its own.
/// </summary>
public sealed class Platform : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-it").FullName;
    private readonly int operatorPort = FreePort.Choose(0);
    private readonly int gatewayPort = FreePort.Choose(0);
    private readonly List<ChildProcess> children = [];
    private HttpKubernetesClient? client;

    public static CancellationToken Timeout(int seconds = 60) => new CancellationTokenSource(TimeSpan.FromSeconds(seconds)).Token;

    public IKubernetesClient Client => client ?? throw new InvalidOperationException("the platform has not started");

    /// <summary>What nodes keep: pods, logs, claims.</summary>
    public string StateFolder => Path.Combine(folder, "local");

    public string KubeConfig => Path.Combine(folder, "kubeconfig");

    public HttpClient Gateway { get; private set; } = new();

    internal ChildProcess OperatorProcess { get; private set; } = null!;

    internal ChildProcess GatewayProcess { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var image = $"octavo/serving-runtime={Executable("octavo-serve")},/models={Path.Combine(Repository.Root, "models")}";
        var cluster = Start("octavo-local", ["up", "--port", "0", "--kubeconfig", KubeConfig, "--state", StateFolder, "--image", image]);
        await cluster.WaitForLineAsync("octavo-local ready", Timeout());
        client = new HttpKubernetesClient(KubernetesClientConfiguration.FromKubeConfigFile(KubeConfig), TimeProvider.System);
        await new DemoCluster(client, TimeProvider.System).ApplyFolderAsync(Path.Combine(Repository.Root, "config", "crds"), Timeout());
        Gateway = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{gatewayPort}/"), Timeout = TimeSpan.FromSeconds(60) };
        await StartOperatorAsync();
        await StartGatewayAsync();
    }

    public async Task StartOperatorAsync()
    {
        OperatorProcess = Start("octavo-operator", ["--kubeconfig", KubeConfig, "--bind-address", $"127.0.0.1:{operatorPort}", "--autoscaling-interval", "2"]);
        await WaitForSuccessAsync($"http://127.0.0.1:{operatorPort}/readyz");
    }

    public async Task StartGatewayAsync()
    {
        GatewayProcess = Start("octavo-gateway", ["--kubeconfig", KubeConfig, "--host", "127.0.0.1", "--port", $"{gatewayPort}"]);
        await WaitForSuccessAsync($"http://127.0.0.1:{gatewayPort}/readyz");
    }

    /// <summary>As the kernel's out-of-memory killer does it: no chance to clean up.</summary>
    internal static async Task KillAsync(int processId)
    {
        using var process = Process.GetProcessById(processId);
        process.Kill();
        await process.WaitForExitAsync(Timeout(10));
    }

    /// <summary>An InferenceService of the model that ships, one replica unless the spec says otherwise.</summary>
    public async Task ApplyAsync(string name, Action<JsonObject>? change = null)
    {
        var service = JsonNode.Parse($$$"""
            {"apiVersion":"serving.octavo.dev/v1alpha1","kind":"InferenceService","metadata":{"name":"{{{name}}}","namespace":"default"},
             "spec":{"model":{"uri":"file:///models/octavo-tiny"},"runtime":{"engine":{"maxModelLen":1024,"maxNumSeqs":8}},
                     "resources":{"requests":{"cpu":"50m","memory":"64Mi"}},"replicas":1}}
            """)!.AsObject();
        change?.Invoke(service["spec"]!.AsObject());
        await Client.ApplyManifestAsync(service, new ApplyOptions { FieldManager = "test", Force = true }, Timeout(10));
    }

    public async Task DeleteAsync(string name) =>
        await Client.SendAsync(HttpMethod.Delete, $"{ServicePath(name)}?propagationPolicy=Background", null, null, Timeout(10));

    public async Task<JsonObject> GetAsync(string name) => (await Client.SendAsync(HttpMethod.Get, ServicePath(name), null, null, Timeout(10)))!.AsObject();

    public Task<JsonObject> WaitReadyAsync(string name) => WaitAsync(name, s => Condition(s, "Ready")?["status"]?.GetValue<string>() == "True");

    /// <summary>Polls until the service is as wanted; the failure shows its status.</summary>
    public async Task<JsonObject> WaitAsync(string name, Func<JsonObject, bool> holds, int seconds = 60)
    {
        var timeout = Timeout(seconds);
        JsonObject? last = null;
        while (!timeout.IsCancellationRequested)
        {
            last = await GetAsync(name);
            if (holds(last))
            {
                return last;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }

        throw new TimeoutException($"{name}: {last?["status"]?.ToJsonString()}\noperator: {OperatorProcess.Tail}");
    }

    public static JsonObject? Condition(JsonObject service, string type) =>
        (service["status"]?["conditions"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(c => c["type"]?.GetValue<string>() == type);

    public async Task<IReadOnlyList<V1Pod>> PodsAsync(string name) =>
        (await Client.ListAsync<V1Pod>("default", new ListOptions { LabelSelector = $"{ServingContract.ServingLabels.InferenceService}={name}" }, Timeout(10))).Items;

    public Task<HttpResponseMessage> ChatAsync(string model, string question, int maxTokens = 32, bool stream = false, bool ignoreEos = false) => Gateway.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, ServingContract.ServingPaths.ChatCompletions)
        {
            Content = new StringContent(
                new JsonObject
                {
                    ["model"] = model,
                    ["temperature"] = 0,
                    ["max_tokens"] = maxTokens,
                    ["stream"] = stream,
                    ["ignore_eos"] = ignoreEos,
                    ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
                }.ToJsonString(),
                System.Text.Encoding.UTF8,
                "application/json"),
        },
        HttpCompletionOption.ResponseHeadersRead);

    public async Task DisposeAsync()
    {
        Gateway.Dispose();
        client?.Dispose();
        foreach (var child in Enumerable.Reverse(children))
        {
            await child.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private static string ServicePath(string name) => $"/apis/serving.octavo.dev/v1alpha1/namespaces/default/inferenceservices/{name}";

    private static string Executable(string name) => Path.Combine(AppContext.BaseDirectory, name);

    private ChildProcess Start(string name, IReadOnlyList<string> arguments)
    {
        var child = ChildProcess.Start(name, Executable(name), arguments, Path.Combine(folder, "logs", $"{children.Count}"), TimeProvider.System);
        children.Add(child);
        return child;
    }

    private static async Task WaitForSuccessAsync(string address)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        var timeout = Timeout();
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(new Uri(address), timeout);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception notYet) when (notYet is HttpRequestException or TaskCanceledException && !timeout.IsCancellationRequested)
            {
                // The process is still starting.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, timeout);
        }
    }
}
