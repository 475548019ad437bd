using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node;

namespace Octavo.LocalCluster.Tests;

/// <summary>A whole cluster with one node and two pretended GPUs, shared by the tests that need real processes; each takes a namespace of its own.</summary>
public sealed class RunningCluster : IAsyncLifetime
{
    /// <summary>Nothing takes nearly as long; a loaded machine is slow.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly DirectoryInfo imageFiles = Directory.CreateTempSubdirectory("octavo-image-");
    private int namespaces;

    public LocalClusterHost Host { get; private set; } = null!;

    public IKubernetesClient Client => Host.Client;

    public async Task InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(imageFiles.FullName, "weights"), "of the image\n");
        Host = await StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        imageFiles.Delete(recursive: true);
    }

    private Task<LocalClusterHost> StartAsync() => LocalClusterHost.StartAsync(
        new LocalClusterOptions
        {
            Images = ["shell=/bin/sh", $"models/tiny={imageFiles.FullName}"],
            ExtendedResources = new Dictionary<string, string> { ["example.dev/gpu"] = "2", ["nvidia.com/gpu"] = "1" },
            NodeCpu = "100",
            NodeTimings = new NodeTimings
            {
                Second = TimeSpan.FromMilliseconds(200),
                CrashLoopInitial = TimeSpan.FromMilliseconds(100),
                CrashLoopMax = TimeSpan.FromSeconds(2),
                Retry = TimeSpan.FromMilliseconds(100),
            },
            Controllers = new ControllerManagerOptions { JobFailureBackOff = TimeSpan.FromMilliseconds(50) },
        },
        CancellationToken.None);

    /// <summary>A new namespace, in which pods can be created.</summary>
    public async Task<string> NamespaceAsync()
    {
        var name = $"test-{Interlocked.Increment(ref namespaces)}";
        await Client.CreateAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = name } }, null, CancellationToken.None);
        await WaitForAsync<V1ServiceAccount>(name, "default", _ => true);
        await WaitForAsync<V1ConfigMap>(name, "kube-root-ca.crt", _ => true);
        return name;
    }

    /// <summary>Follows one object until it is as wanted; fails with its last state.</summary>
    public async Task<T> WaitForAsync<T>(string ns, string name, Func<T, bool> wanted) where T : class, IKubernetesObject =>
        (await WaitAsync<T>(ns, name, o => o is not null && wanted(o)))!;

    public Task WaitUntilGoneAsync<T>(string ns, string name) where T : class, IKubernetesObject => WaitAsync<T>(ns, name, o => o is null);

    /// <summary>Follows all objects of a kind in a namespace until they are as wanted.</summary>
    public async Task<IReadOnlyList<T>> WaitForAllAsync<T>(string ns, Func<IReadOnlyList<T>, bool> wanted) where T : class, IKubernetesObject
    {
        using var patience = new CancellationTokenSource(Patience);
        var seen = new Dictionary<string, T>();
        try
        {
            while (true)
            {
                var list = await Client.ListAsync<T>(ns, null, patience.Token);
                seen = list.Items.ToDictionary(i => i.Metadata.Name!);
                if (wanted([.. seen.Values]))
                {
                    return [.. seen.Values];
                }

                await foreach (var change in Client.WatchAsync<T>(ns, new WatchOptions { ResourceVersion = list.Metadata.ResourceVersion }, patience.Token))
                {
                    if (change.Type == WatchEventType.Deleted)
                    {
                        seen.Remove(change.Object.Metadata.Name!);
                    }
                    else if (change.Type != WatchEventType.Bookmark)
                    {
                        seen[change.Object.Metadata.Name!] = change.Object;
                    }

                    if (wanted([.. seen.Values]))
                    {
                        return [.. seen.Values];
                    }
                }
            }
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new TimeoutException($"{typeof(T).Name} in {ns} were last {string.Join("\n", seen.Values.Select(v => KubernetesJson.ToNode(v).ToJsonString()))}");
        }
    }

    public async Task<string> LogAsync(string ns, string pod, string query = "") =>
        (await Client.SendAsync(HttpMethod.Get, $"/api/v1/namespaces/{ns}/pods/{pod}/log?{query}", null, null, CancellationToken.None))?.GetValue<string>() ?? "";

    /// <summary>A pod with one container that runs a script.</summary>
    public static V1Pod Pod(string ns, string name, string script, string restartPolicy = "Always", Func<V1Container, V1Container>? change = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = ns, Labels = new Dictionary<string, string> { ["app"] = name } },
        Spec = Spec(script, restartPolicy, change),
    };

    public static V1PodSpec Spec(string script, string restartPolicy = "Always", Func<V1Container, V1Container>? change = null)
    {
        var container = new V1Container { Name = "main", Image = "shell:1", Args = ["-c", script] };
        return new V1PodSpec { RestartPolicy = restartPolicy, TerminationGracePeriodSeconds = 5, Containers = [change?.Invoke(container) ?? container] };
    }

    public Task<T> CreateAsync<T>(T entity) where T : class, IKubernetesObject => Client.CreateAsync(entity, null, CancellationToken.None);

    public Task PatchAsync<T>(string ns, string name, string json) where T : class, IKubernetesObject =>
        Client.PatchAsync<T>(name, ns, new V1Patch(JsonNode.Parse(json)!, V1PatchType.MergePatch), null, null, CancellationToken.None);

    public Task DeleteAsync<T>(string ns, string name, string? policy = null) where T : class, IKubernetesObject =>
        Client.DeleteAsync<T>(name, ns, new V1DeleteOptions { PropagationPolicy = policy }, CancellationToken.None);

    private async Task<T?> WaitAsync<T>(string ns, string name, Func<T?, bool> wanted) where T : class, IKubernetesObject
    {
        T? found = null;
        await WaitForAllAsync<T>(ns, all => wanted(found = all.FirstOrDefault(o => o.Metadata.Name == name)));
        return found;
    }
}
