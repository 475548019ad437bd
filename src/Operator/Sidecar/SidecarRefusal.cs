using System.Globalization;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Sidecar;

/// <summary>Why a service cannot be served beside the containers of a Deployment. Pure.</summary>
internal static class SidecarRefusal
{
    /// <summary>Null: it can.</summary>
    public static SidecarNote? Of(V1Alpha1InferenceService service, InjectedDeployment deployment, SidecarRequest request, OperatorOptions options)
    {
        var template = deployment.Spec?.Template?.Spec;
        if (service.Spec.Accelerator?.Nodes > 1)
        {
            return Refused("SidecarNotSupported", $"InferenceService {request.Service} spans {service.Spec.Accelerator.Nodes} nodes, and a sidecar runs on one.");
        }

        if (WorkloadReconciler.Refusal(service, options) is { } finding)
        {
            return Refused(finding.Reason, $"InferenceService {request.Service}: {finding.Message}");
        }

        if (template?.HostNetwork == true)
        {
            return Refused("SidecarNotSupported", "The pods use the node's network: what is on localhost there is open to everything on the node.");
        }

        if (ModelSource.Of(service.Spec) is null)
        {
            return Refused("UnsupportedSource", $"InferenceService {request.Service}: {ModelSource.Explain(service.Spec.Model.Uri)}");
        }

        var taken = (template?.Containers ?? []).Concat(template?.InitContainers ?? [])
            .SelectMany(c => (c.Ports ?? []).Select(p => (Container: c.Name, p.ContainerPort)))
            .FirstOrDefault(p => p.ContainerPort == request.Port || p.ContainerPort == request.ProbePort);
        return taken.Container is null ? null : Refused("SidecarPortConflict", string.Create(CultureInfo.InvariantCulture,
            $"The container {taken.Container} has the port {taken.ContainerPort}, and the sidecar needs {request.Port} and {request.ProbePort}: set another by the annotation {SidecarNames.InjectPort} on the pod template."));
    }

    private static SidecarNote Refused(string reason, string message) => new(SidecarState.Refused, "Warning", reason, message);
}
