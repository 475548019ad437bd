using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Dialects;

/// <summary>The address that a runtime listens on.</summary>
internal static class ReplicaAddress
{
    public const string PodIPVariable = "POD_IP";

    /// <summary>For a runtime beside the containers of somebody else's pod, who alone are to reach it.</summary>
    public const string Localhost = "127.0.0.1";

    /// <summary>A port-forward and a container beside the runtime come in by the pod's loopback address, everybody else by the pod's own.</summary>
    private const string AllInterfaces = "0.0.0.0";

    public static V1EnvVar Variable =>
        new() { Name = PodIPVariable, ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { ApiVersion = "v1", FieldPath = "status.podIP" } } };

    public static string Of(PodTemplateInputs inputs) => inputs.Sidecar is not null ? Localhost : inputs.IsFirstRevision ? $"$({PodIPVariable})" : AllInterfaces;

    public static int PortOf(PodTemplateInputs inputs) => inputs.Sidecar?.Port ?? ServingPorts.Http;
}
