using Octavo.KubernetesClient.Models;
using Octavo.ServingContract;

namespace Octavo.Operator.Resources;

/// <summary>The container that serves the model, in the dialect of its image.</summary>
internal static class ServingContainer
{
    public static V1Container Build(PodTemplateInputs inputs)
    {
        var dialect = inputs.Dialect;
        // A worker answers no request: it lives as long as its process, and its group is made again when that ends.
        var probes = inputs.IsWorker ? null : dialect.Probes(inputs);
        var ending = dialect.Ending(inputs);
        return new V1Container
        {
            Name = ServingPodTemplate.RuntimeContainer,
            Image = inputs.RuntimeImage,
            ImagePullPolicy = inputs.Service.Spec.Runtime?.ImagePullPolicy,
            Command = dialect.Command(inputs),
            Args = dialect.Arguments(inputs),
            Env = PodEnvironment.Of(inputs, dialect),
            Ports = inputs.IsWorker ? null : [new V1ContainerPort { Name = ServingPorts.HttpName, ContainerPort = ServingPorts.Http, Protocol = "TCP" }],
            Resources = PodResources.Of(inputs.Service.Spec, inputs.Service.Spec.Accelerator),
            VolumeMounts = PodVolumes.Mounts(inputs, forFetch: false),
            StartupProbe = probes?.Startup,
            ReadinessProbe = probes?.Readiness,
            LivenessProbe = probes?.Liveness,
            Lifecycle = ending.PreStop is { } preStop ? new V1Lifecycle { PreStop = preStop } : null,
            SecurityContext = PodSafety.OfContainer(),
            TerminationMessagePolicy = "FallbackToLogsOnError",
        };
    }
}
