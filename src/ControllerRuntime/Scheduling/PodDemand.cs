using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Scheduling;

/// <summary>What a pod asks of a node, read once and compared with many nodes.</summary>
public sealed record PodDemand
{
    public required V1Pod Pod { get; init; }

    /// <summary>By resource name, in whole units.</summary>
    public required IReadOnlyDictionary<string, decimal> Amounts { get; init; }

    public required IReadOnlyList<(int Port, string Protocol)> HostPorts { get; init; }

    /// <exception cref="FormatException">An amount is no quantity.</exception>
    public static PodDemand Of(V1Pod pod) => new() { Pod = pod, Amounts = ResourceAmounts.OfPod(pod), HostPorts = [.. PortsOf(pod)] };

    internal static IEnumerable<(int Port, string Protocol)> PortsOf(V1Pod pod) =>
        (pod.Spec?.Containers ?? []).SelectMany(c => c.Ports ?? []).Where(p => p.HostPort is > 0).Select(p => (p.HostPort!.Value, p.Protocol ?? "TCP"));
}
