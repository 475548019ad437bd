using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Resources;

/// <summary>The init container that makes the model's files present. It alone has the credentials of the model's source.</summary>
internal static class FetchContainer
{
    public static V1Container Build(PodTemplateInputs inputs) => new()
    {
        Name = ServingPodTemplate.ModelContainer,
        Image = inputs.FetchImage,
        ImagePullPolicy = inputs.Service.Spec.Runtime?.ImagePullPolicy,
        Args = inputs.Model.FetchArguments,
        EnvFrom = inputs.Service.Spec.Model.SecretRef is { } secret ? [new V1EnvFromSource { SecretRef = new V1EnvSourceReference { Name = secret.Name } }] : null,
        Env = [.. PodEnvironment.Of(inputs), .. FetchReport.Variables(inputs)],
        Resources = PodResources.Of(inputs.Service.Spec, accelerator: null),
        VolumeMounts = PodVolumes.Mounts(inputs, forFetch: true),
        SecurityContext = PodSafety.OfContainer(),
        TerminationMessagePolicy = "FallbackToLogsOnError",
    };
}
