using System.Runtime.InteropServices;
using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node;

/// <summary>Makes the Node object, keeps its conditions fresh, and renews its Lease as the sign of life.</summary>
internal sealed partial class NodeRegistration(IKubernetesClient client, NodeOptions options, int kubeletPort, TimeProvider time, ILogger logger)
{
    private const string LeaseNamespace = "kube-node-lease";
    private const int LeaseDurationSeconds = 40;
    private const int RegistrationAttempts = 20;
    private static readonly TimeSpan RegistrationPause = TimeSpan.FromMilliseconds(100);
    private static readonly WriteOptions Write = new() { FieldManager = "octavo-node" };

    public IReadOnlyDictionary<string, string> Capacity { get; } = BuildCapacity(options);

    /// <summary>Returns once the node is registered and Ready. Writes that meet those of others (a control plane that gives the node up) are made anew, as a kubelet does.</summary>
    public async Task RegisterAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await TryRegisterAsync(cancellationToken).ConfigureAwait(false);
                LogRegistered(options.Name, kubeletPort);
                return;
            }
            catch (KubernetesException exception) when ((exception.IsConflict || exception.IsAlreadyExists) && attempt < RegistrationAttempts)
            {
                LogRegistrationConflict(options.Name, exception.Message);
                await Task.Delay(RegistrationPause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task TryRegisterAsync(CancellationToken cancellationToken)
    {
        var wanted = BuildNode();
        var node = await client.FindAsync<V1Node>(options.Name, null, cancellationToken).ConfigureAwait(false);
        node = node is null
            ? await client.CreateAsync(wanted, Write, cancellationToken).ConfigureAwait(false)
            : await client.UpdateAsync(node with { Metadata = Merge(node.Metadata, wanted.Metadata), Spec = Merge(node.Spec, wanted.Spec!) }, Write, cancellationToken).ConfigureAwait(false);
        await WriteStatusAsync(node, ready: true, cancellationToken).ConfigureAwait(false);
        await RenewLeaseAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Renews until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var statusAt = time.GetUtcNow();
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(options.Timings.LeaseRenewal, time, cancellationToken).ConfigureAwait(false);
            try
            {
                await RenewLeaseAsync(cancellationToken).ConfigureAwait(false);
                var node = await client.FindAsync<V1Node>(options.Name, null, cancellationToken).ConfigureAwait(false);
                if (node is null)
                {
                    await RegisterAsync(cancellationToken).ConfigureAwait(false);
                }
                else if (time.GetUtcNow() - statusAt >= options.Timings.NodeStatusRefresh || !IsReady(node))
                {
                    await WriteStatusAsync(node, ready: true, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    continue;
                }

                statusAt = time.GetUtcNow();
            }
            catch (Exception exception) when (exception is KubernetesException or HttpRequestException or IOException)
            {
                LogHeartbeatFailed(options.Name, exception);
            }
        }
    }

    /// <summary>Says that the node stops, as far as the server can still be reached.</summary>
    public async Task MarkStoppedAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await client.FindAsync<V1Node>(options.Name, null, cancellationToken).ConfigureAwait(false) is { } node)
            {
                await WriteStatusAsync(node, ready: false, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is KubernetesException or HttpRequestException or IOException or OperationCanceledException)
        {
            LogHeartbeatFailed(options.Name, exception);
        }
    }

    private static Dictionary<string, string> BuildCapacity(NodeOptions options)
    {
        var capacity = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["cpu"] = options.Cpu ?? Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["memory"] = options.Memory ?? $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki",
            ["ephemeral-storage"] = "100Gi",
            ["pods"] = options.MaxPods.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        foreach (var (name, quantity) in options.ExtendedResources)
        {
            capacity[name] = quantity;
        }

        return capacity;
    }

    // Somebody gave the node up while it was only slow.
    private static bool IsReady(V1Node node) => node.Status?.Conditions?.Any(c => c.Type == "Ready" && c.Status == "True") == true;

    private static V1ObjectMeta Merge(V1ObjectMeta existing, V1ObjectMeta wanted)
    {
        var labels = new Dictionary<string, string>(existing.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        foreach (var (name, value) in wanted.Labels!)
        {
            labels[name] = value;
        }

        return existing with { Labels = labels };
    }

    /// <summary>Taints of others stay: a control plane's, say, which it takes away when the node is back.</summary>
    private static V1NodeSpec Merge(V1NodeSpec? existing, V1NodeSpec wanted)
    {
        var ours = wanted.Taints ?? [];
        var taints = (existing?.Taints ?? []).Where(t => !ours.Any(o => o.Key == t.Key && o.Effect == t.Effect)).Concat(ours).ToList();
        return (existing ?? new V1NodeSpec()) with { Taints = taints.Count > 0 ? taints : null };
    }

    private V1Node BuildNode()
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["kubernetes.io/hostname"] = options.Name,
            ["kubernetes.io/os"] = OperatingSystem.IsMacOS() ? "darwin" : "linux",
            ["kubernetes.io/arch"] = Architecture(),
            ["octavo.dev/node"] = options.Kind,
        };
        foreach (var (name, value) in options.Labels)
        {
            labels[name] = value;
        }

        return new V1Node { Metadata = new V1ObjectMeta { Name = options.Name, Labels = labels }, Spec = new V1NodeSpec { Taints = options.Taints.Count > 0 ? options.Taints : null } };
    }

    private Task WriteStatusAsync(V1Node node, bool ready, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return client.UpdateStatusAsync(node with
        {
            Status = (node.Status ?? new V1NodeStatus()) with
            {
                Capacity = Capacity,
                Allocatable = Capacity,
                Addresses = [new V1NodeAddress { Type = "InternalIP", Address = "127.0.0.1" }, new V1NodeAddress { Type = "Hostname", Address = options.Name }],
                Conditions =
                [
                    Condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
                    Condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
                    Condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
                    ready ? Condition("Ready", "True", "KubeletReady", "the process node is posting ready status") : Condition("Ready", "False", "NodeShutdown", "the process node has stopped"),
                ],
                NodeInfo = new V1NodeSystemInfo
                {
                    KernelVersion = Environment.OSVersion.Version.ToString(),
                    OsImage = RuntimeInformation.OSDescription,
                    ContainerRuntimeVersion = "process://" + typeof(NodeRegistration).Assembly.GetName().Version!.ToString(3),
                    KubeletVersion = "v1.36.0-octavo",
                    OperatingSystem = OperatingSystem.IsMacOS() ? "darwin" : "linux",
                    Architecture = Architecture(),
                },
                AdditionalProperties = new Dictionary<string, JsonElement>
                {
                    ["daemonEndpoints"] = JsonSerializer.SerializeToElement(new { kubeletEndpoint = new { Port = kubeletPort } }),
                },
            },
        }, Write, cancellationToken);

        V1NodeCondition Condition(string type, string status, string reason, string message)
        {
            var before = node.Status?.Conditions?.FirstOrDefault(c => c.Type == type);
            return new V1NodeCondition
            {
                Type = type,
                Status = status,
                Reason = reason,
                Message = message,
                LastHeartbeatTime = now,
                LastTransitionTime = before?.Status == status ? before.LastTransitionTime : now,
            };
        }
    }

    private async Task RenewLeaseAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var lease = await client.FindAsync<V1Lease>(options.Name, LeaseNamespace, cancellationToken).ConfigureAwait(false);
        if (lease is not null)
        {
            await client.UpdateAsync(lease with { Spec = (lease.Spec ?? new V1LeaseSpec()) with { HolderIdentity = options.Name, LeaseDurationSeconds = LeaseDurationSeconds, RenewTime = now } }, Write, cancellationToken).ConfigureAwait(false);
            return;
        }

        await EnsureLeaseNamespaceAsync(cancellationToken).ConfigureAwait(false);
        await client.CreateAsync(
            new V1Lease
            {
                Metadata = new V1ObjectMeta { Name = options.Name, NamespaceProperty = LeaseNamespace },
                Spec = new V1LeaseSpec { HolderIdentity = options.Name, LeaseDurationSeconds = LeaseDurationSeconds, RenewTime = now },
            }, Write, cancellationToken).ConfigureAwait(false);
    }

    private async Task EnsureLeaseNamespaceAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await client.FindAsync<V1Namespace>(LeaseNamespace, null, cancellationToken).ConfigureAwait(false) is null)
            {
                await client.CreateAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = LeaseNamespace } }, Write, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (KubernetesException exception) when (exception.IsAlreadyExists)
        {
            // Another node was quicker.
        }
    }

    private static string Architecture() => RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";

    [LoggerMessage(Level = LogLevel.Information, Message = "node {Node} is registered, logs on port {Port}")]
    private partial void LogRegistered(string node, int port);

    [LoggerMessage(Level = LogLevel.Debug, Message = "registration of node {Node} is tried again: {Reason}")]
    private partial void LogRegistrationConflict(string node, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "heartbeat of node {Node} failed")]
    private partial void LogHeartbeatFailed(string node, Exception exception);
}
