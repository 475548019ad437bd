using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Launch;

/// <summary>What a pod may learn about itself: fieldRef and resourceFieldRef.</summary>
internal sealed record DownwardApi(V1Pod Pod, string PodIP, string HostIP, IReadOnlyDictionary<string, string> NodeAllocatable)
{
    /// <summary>The value of a field path; throws <see cref="ContainerConfigException"/> for one that is not supported.</summary>
    public string Field(string path)
    {
        if (Keyed(path, "metadata.labels") is { } label)
        {
            return Pod.Metadata.Labels?.GetValueOrDefault(label) ?? "";
        }

        if (Keyed(path, "metadata.annotations") is { } annotation)
        {
            return Pod.Metadata.Annotations?.GetValueOrDefault(annotation) ?? "";
        }

        return path switch
        {
            "metadata.name" => Pod.Metadata.Name ?? "",
            "metadata.namespace" => Pod.Metadata.NamespaceProperty ?? "",
            "metadata.uid" => Pod.Metadata.Uid ?? "",
            "metadata.labels" => Lines(Pod.Metadata.Labels),
            "metadata.annotations" => Lines(Pod.Metadata.Annotations),
            "spec.nodeName" => Pod.Spec?.NodeName ?? "",
            "spec.serviceAccountName" => Pod.Spec?.ServiceAccountName ?? "default",
            "status.hostIP" or "status.hostIPs" => HostIP,
            "status.podIP" or "status.podIPs" => PodIP,
            _ => throw new ContainerConfigException("CreateContainerConfigError", $"fieldPath \"{path}\" is not supported"),
        };
    }

    /// <summary>A request or limit in units of the divisor, rounded up; without a limit, what the node has to give.</summary>
    public string Resource(V1ResourceFieldSelector selector, V1Container own)
    {
        var container = selector.ContainerName is { Length: > 0 } name
            ? (Pod.Spec?.Containers ?? []).Concat(Pod.Spec?.InitContainers ?? []).FirstOrDefault(c => c.Name == name)
                ?? throw new ContainerConfigException("CreateContainerConfigError", $"container \"{name}\" not found")
            : own;
        var dot = selector.Resource.IndexOf('.', StringComparison.Ordinal);
        var kind = dot < 0 ? "" : selector.Resource[..dot];
        var resource = selector.Resource[(dot + 1)..];
        var text = kind switch
        {
            "limits" => container.Resources?.Limits?.GetValueOrDefault(resource) ?? NodeAllocatable.GetValueOrDefault(resource),
            "requests" => container.Resources?.Requests?.GetValueOrDefault(resource),
            _ => throw new ContainerConfigException("CreateContainerConfigError", $"resource \"{selector.Resource}\" is not supported"),
        };
        var divisor = selector.Divisor is { Length: > 0 } and not "0" ? ResourceQuantity.Parse(selector.Divisor).ToDecimal() : 1;
        return decimal.Ceiling(ResourceQuantity.Parse(text ?? "0").ToDecimal() / divisor).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string? Keyed(string path, string field) =>
        path.StartsWith(field + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) ? path[(field.Length + 2)..^2] : null;

    private static string Lines(IReadOnlyDictionary<string, string>? map) =>
        string.Join('\n', (map ?? new Dictionary<string, string>()).OrderBy(e => e.Key, StringComparer.Ordinal)
            .Select(e => $"{e.Key}=\"{e.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""));
}
