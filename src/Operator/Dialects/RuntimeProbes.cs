using System.Globalization;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Dialects;

/// <summary>What the kubelet asks the runtime.</summary>
/// <param name="Startup">Whether it has loaded its model; long, since models are large.</param>
/// <param name="Readiness">Whether requests are to be sent to it.</param>
/// <param name="Liveness">Whether it is to be started again.</param>
internal sealed record RuntimeProbes(V1Probe Startup, V1Probe Readiness, V1Probe Liveness)
{
    /// <summary>Of a runtime that, where its API is on localhost, tells its health on a port of its own.</summary>
    public static V1Probe Ask(PodTemplateInputs inputs, string path, int periodSeconds, int failures, int timeoutSeconds = 5) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = inputs.Sidecar is { } sidecar ? sidecar.ProbePort : ServingPorts.HttpName },
        PeriodSeconds = periodSeconds,
        TimeoutSeconds = timeoutSeconds,
        FailureThreshold = failures,
    };

    /// <summary>Of a runtime in Python that has one listener alone: on localhost it is asked from within the container, since the kubelet comes in by the pod's address.</summary>
    public static V1Probe AskServer(PodTemplateInputs inputs, string path, int periodSeconds, int failures, int timeoutSeconds = 5) => inputs.Sidecar is not { } sidecar
        ? Ask(inputs, path, periodSeconds, failures, timeoutSeconds)
        : new V1Probe
        {
            Exec = new V1ExecAction { Command = ["python3", "-c", Script(path, sidecar.Port, timeoutSeconds)] },
            PeriodSeconds = periodSeconds,
            TimeoutSeconds = timeoutSeconds,
            FailureThreshold = failures,
        };

    private static string Script(string path, int port, int timeoutSeconds) => string.Create(CultureInfo.InvariantCulture,
        $"import http.client,sys;c=http.client.HTTPConnection('{ReplicaAddress.Localhost}',{port},timeout={timeoutSeconds});c.request('GET','{path}');sys.exit(c.getresponse().status!=200)");
}
