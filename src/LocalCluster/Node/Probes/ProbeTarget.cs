using System.Globalization;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Launch;
using Octavo.LocalCluster.Node.Processes;

namespace Octavo.LocalCluster.Node.Probes;

/// <summary>What probes and hooks of a container act on.</summary>
internal sealed record ProbeTarget(V1Container Container, string PodIP, ProcessSpecification Process, PathMap Paths)
{
    /// <summary>A port by number or by the name of a container port; null where no port has that name.</summary>
    public int? Port(IntOrString port) =>
        port.StringValue is not { } name ? port.IntValue
        : Container.Ports?.FirstOrDefault(p => p.Name == name)?.ContainerPort is { } found ? found
        : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : null;
}
