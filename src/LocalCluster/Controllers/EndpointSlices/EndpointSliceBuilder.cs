using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.EndpointSlices;

/// <summary>The endpoints of a service from the pods that its selector matches. Pure.</summary>
internal static class EndpointSliceBuilder
{
    public const string ServiceNameLabel = "kubernetes.io/service-name";
    public const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";
    public const string ManagedBy = "endpointslice-controller.k8s.io";

    /// <summary>Null where the service has no selector: then somebody else writes its endpoints.</summary>
    public static V1EndpointSlice? Build(V1Service service, IReadOnlyList<V1Pod> pods)
    {
        if (service.Spec?.Selector is not { Count: > 0 } || service.Spec.Type == "ExternalName")
        {
            return null;
        }

        var members = pods
            .Where(p => p.Status?.PodIP is { Length: > 0 } && !PodReadiness.IsFinished(p) && SelectorMatch.Matches(service.Spec.Selector, p.Metadata.Labels))
            .OrderBy(p => p.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        return new V1EndpointSlice
        {
            Metadata = new V1ObjectMeta
            {
                GenerateName = service.Metadata.Name + "-",
                NamespaceProperty = service.Metadata.NamespaceProperty,
                Labels = Labels(service),
                OwnerReferences = [Ownership.ReferenceTo(service, "v1", "Service")],
            },
            AddressType = "IPv4",
            Endpoints = [.. members.Select(p => Endpoint(p, service.Spec.PublishNotReadyAddresses == true))],
            Ports = [.. (service.Spec.Ports ?? []).Select(p => new Discoveryv1EndpointPort
            {
                Name = p.Name ?? "",
                Port = PortOf(p, members),
                Protocol = p.Protocol ?? "TCP",
                AppProtocol = p.AppProtocol,
            }).Where(p => p.Port is not null)],
        };
    }

    /// <summary>A target by number, or by the name of a container port of the pods (of the first that has it).</summary>
    private static int? PortOf(V1ServicePort port, IReadOnlyList<V1Pod> pods) =>
        port.TargetPort is not { } target ? port.Port
        : target.StringValue is not { } name ? target.IntValue
        : pods.SelectMany(p => p.Spec?.Containers ?? []).SelectMany(c => c.Ports ?? []).FirstOrDefault(p => p.Name == name)?.ContainerPort;

    private static V1Endpoint Endpoint(V1Pod pod, bool publishNotReady)
    {
        var serving = PodReadiness.IsReady(pod) || publishNotReady;
        var terminating = pod.Metadata.DeletionTimestamp is not null;
        return new V1Endpoint
        {
            Addresses = [pod.Status!.PodIP!],
            Conditions = new V1EndpointConditions { Ready = publishNotReady || (serving && !terminating), Serving = serving, Terminating = terminating },
            NodeName = pod.Spec?.NodeName,
            TargetRef = new V1ObjectReference { Kind = "Pod", Name = pod.Metadata.Name, NamespaceProperty = pod.Metadata.NamespaceProperty, Uid = pod.Metadata.Uid },
        };
    }

    private static Dictionary<string, string> Labels(V1Service service)
    {
        var labels = new Dictionary<string, string>(service.Metadata.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            [ServiceNameLabel] = service.Metadata.Name!,
            [ManagedByLabel] = ManagedBy,
        };
        if (service.Spec?.ClusterIP == "None")
        {
            labels["service.kubernetes.io/headless"] = "";
        }

        return labels;
    }
}
