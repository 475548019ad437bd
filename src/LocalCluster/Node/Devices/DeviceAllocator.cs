using System.Globalization;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Devices;

/// <summary>
/// Gives pods the node's devices, each to one pod at a time: a resource of quantity n is the devices 0 to n-1. Containers read which are theirs in
/// NVIDIA_VISIBLE_DEVICES, as with NVIDIA's device plugin; devices of other vendors are counted and not told. Thread-safe.
/// </summary>
internal sealed class DeviceAllocator(IReadOnlyDictionary<string, string> allocatable)
{
    private const string VisibleDevices = "NVIDIA_VISIBLE_DEVICES";
    private const string Nvidia = "nvidia.com/";

    private readonly Lock gate = new();
    private readonly Dictionary<string, SortedSet<int>> free = allocatable.Where(r => IsDevice(r.Key))
        .ToDictionary(r => r.Key, r => new SortedSet<int>(Enumerable.Range(0, (int)ResourceQuantity.Parse(r.Value).ToDecimal())), StringComparer.Ordinal);

    /// <summary>By pod uid: container, resource and its device.</summary>
    private readonly Dictionary<string, List<(string Container, string Resource, int Device)>> held = new(StringComparer.Ordinal);

    /// <summary>Takes what the pod's containers ask for. A second call for the same pod changes nothing.</summary>
    /// <exception cref="DeviceException">There are not so many; nothing was taken.</exception>
    public void Allocate(V1Pod pod)
    {
        lock (gate)
        {
            if (held.ContainsKey(pod.Metadata.Uid!))
            {
                return;
            }

            var taken = new List<(string Container, string Resource, int Device)>();
            var demand = ResourceAmounts.OfPod(pod);
            foreach (var (resource, amount) in demand.Where(d => IsDevice(d.Key) && d.Value > 0))
            {
                var available = free.GetValueOrDefault(resource) ?? [];
                if (available.Count < amount)
                {
                    throw new DeviceException($"Allocate failed due to requested number of devices unavailable for {resource}. Requested: {amount.ToString(CultureInfo.InvariantCulture)}, Available: {available.Count}, which is unexpected");
                }

                var devices = available.Take((int)amount).ToList();
                taken.AddRange(Share(pod, resource, devices));
            }

            foreach (var (_, resource, device) in taken)
            {
                free[resource].Remove(device);
            }

            held[pod.Metadata.Uid!] = taken;
        }
    }

    /// <summary>The pod has ended: its devices may be given again.</summary>
    public void Free(string uid)
    {
        lock (gate)
        {
            if (held.Remove(uid, out var devices))
            {
                foreach (var (_, resource, device) in devices)
                {
                    free[resource].Add(device);
                }
            }
        }
    }

    /// <summary>The container's variables with those that name its devices; what the container sets itself wins.</summary>
    public IReadOnlyDictionary<string, string> WithDevices(V1Pod pod, V1Container container, IReadOnlyDictionary<string, string> environment)
    {
        List<int> devices;
        lock (gate)
        {
            devices = [.. (held.GetValueOrDefault(pod.Metadata.Uid!) ?? []).Where(d => d.Container == container.Name && d.Resource.StartsWith(Nvidia, StringComparison.Ordinal)).Select(d => d.Device)];
        }

        if (devices.Count == 0 || environment.ContainsKey(VisibleDevices))
        {
            return environment;
        }

        return new Dictionary<string, string>(environment, StringComparer.Ordinal)
        {
            [VisibleDevices] = string.Join(',', devices.Select(d => d.ToString(CultureInfo.InvariantCulture))),
        };
    }

    /// <summary>Containers that run together share out the devices; each init container, which runs before them, sees the first ones.</summary>
    private static IEnumerable<(string Container, string Resource, int Device)> Share(V1Pod pod, string resource, List<int> devices)
    {
        var next = 0;
        var together = (pod.Spec?.InitContainers ?? []).Where(c => c.RestartPolicy == "Always").Concat(pod.Spec?.Containers ?? []);
        foreach (var container in together)
        {
            for (var count = Asked(container, resource); count > 0; count--)
            {
                yield return (container.Name, resource, devices[next++]);
            }
        }

        foreach (var container in (pod.Spec?.InitContainers ?? []).Where(c => c.RestartPolicy != "Always"))
        {
            foreach (var device in devices.Take(Asked(container, resource)))
            {
                yield return (container.Name, resource, device);
            }
        }
    }

    private static int Asked(V1Container container, string resource) =>
        (container.Resources?.Requests?.GetValueOrDefault(resource) ?? container.Resources?.Limits?.GetValueOrDefault(resource)) is { } text
            ? (int)ResourceQuantity.Parse(text).ToDecimal() : 0;

    private static bool IsDevice(string resource) =>
        resource.Contains('/', StringComparison.Ordinal) && !resource.StartsWith("kubernetes.io/", StringComparison.Ordinal);
}
