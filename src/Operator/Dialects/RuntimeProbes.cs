using Octavo.KubernetesClient.Models;
using Octavo.ServingContract;

namespace Octavo.Operator.Dialects;

/// <summary>What the kubelet asks the runtime.</summary>
/// <param name="Startup">Whether it has loaded its model; long, since models are large.</param>
/// <param name="Readiness">Whether requests are to be sent to it.</param>
/// <param name="Liveness">Whether it is to be started again.</param>
internal sealed record RuntimeProbes(V1Probe Startup, V1Probe Readiness, V1Probe Liveness)
{
    public static V1Probe Ask(string path, int periodSeconds, int failures, int timeoutSeconds = 5) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = ServingPorts.HttpName },
        PeriodSeconds = periodSeconds,
        TimeoutSeconds = timeoutSeconds,
        FailureThreshold = failures,
    };
}
