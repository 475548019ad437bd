using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Launch;
using Octavo.LocalCluster.Node.Logs;
using Octavo.LocalCluster.Node.Processes;
using Octavo.LocalCluster.Node.Volumes;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>Everything that one run of a container needs. The specification is null with the reason where the command does not exist on the host.</summary>
internal sealed record PreparedContainer(int Attempt, string PodIP, ContainerLog Log, string TerminationFile, PathMap Paths, ProcessSpecification? Specification, ContainerConfigException? StartError)
{
    /// <summary>
    /// Tells a program that listens on all interfaces which one is its pod's: pods of this node share the host's network, so that two of them could not both
    /// have the port. Octavo's runtime reads it.
    /// </summary>
    private const string BindHostVariable = "OCTAVO_BIND_HOST";

    /// <summary>Throws <see cref="ContainerConfigException"/> while something that the container refers to is missing.</summary>
    public static async Task<PreparedContainer> CreateAsync(NodeServices node, PodState state, V1Container container, ImageMapping image, PodFolders folders, int attempt, CancellationToken cancellationToken)
    {
        var pod = state.Pod;
        var sources = await ConfigSources.ReadAsync(node.Client, pod.Metadata.NamespaceProperty ?? "default", container, cancellationToken).ConfigureAwait(false);
        var environment = node.Devices.WithDevices(pod, container, EnvironmentBuilder.Build(container, new DownwardApi(pod, folders.PodIP, node.HostIP, node.Allocatable), sources));
        var folder = folders.Container(container.Name);
        Directory.CreateDirectory(folder);
        var terminationFile = Path.Combine(folder, $"termination-log-{attempt}");
        await File.WriteAllBytesAsync(terminationFile, [], cancellationToken).ConfigureAwait(false);
        var paths = new PathMap(image.Paths)
            .With(PodVolumes.Mounts(container, folders.Volumes, environment))
            .With([KeyValuePair.Create(container.TerminationMessagePath ?? "/dev/termination-log", terminationFile)]);
        var log = new ContainerLog(Path.Combine(folders.Logs, container.Name, $"{attempt}.log"), node.Time);
        try
        {
            var specification = ContainerLaunch.Build(container, image, WithBindHost(environment, folders.PodIP), paths, pod.Spec?.Hostname ?? pod.Metadata.Name!, folder, node.Inherited);
            return new PreparedContainer(attempt, folders.PodIP, log, terminationFile, paths, specification, null);
        }
        catch (ContainerConfigException exception) when (exception.Reason == "StartError")
        {
            return new PreparedContainer(attempt, folders.PodIP, log, terminationFile, paths, null, exception);
        }
    }

    private static Dictionary<string, string> WithBindHost(IReadOnlyDictionary<string, string> environment, string podIP)
    {
        var variables = new Dictionary<string, string>(environment, StringComparer.Ordinal);
        variables.TryAdd(BindHostVariable, podIP);
        return variables;
    }
}
