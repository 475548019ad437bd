using Octavo.KubernetesClient.Models;
using Octavo.Operator.Dialects;

namespace Octavo.Operator.Resources;

/// <summary>
/// The container that makes the model's files present: of a replica before its runtime starts, or of a Job. It alone has the credentials of the model's source,
/// and where it only looks whether a Job has brought the model it has none.
/// </summary>
internal static class FetchContainer
{
    /// <summary>A model in the image of the runtime cannot be seen from another image.</summary>
    public static bool IsNeeded(PodTemplateInputs inputs) => inputs.Model.Volume is not null || inputs.Dialect.HasFetch;

    public static V1Container Build(PodTemplateInputs inputs) => new()
    {
        Name = ServingPodTemplate.ModelContainer,
        Image = inputs.FetchImage,
        ImagePullPolicy = inputs.FetchImage == inputs.RuntimeImage ? inputs.Service.Spec.Runtime?.ImagePullPolicy : null,
        Args = inputs.Model.FetchArguments,
        EnvFrom = inputs.Service.Spec.Model.SecretRef is { } secret && !inputs.Model.IsFilledByJob ? [new V1EnvFromSource { SecretRef = new V1EnvSourceReference { Name = secret.Name } }] : null,
        Env = [.. PodEnvironment.Of(inputs, RuntimeDialects.Of((string?)null)), .. FetchReport.Variables(inputs)],
        Resources = PodResources.Of(inputs.Service.Spec, accelerator: null),
        VolumeMounts = PodVolumes.Mounts(inputs, forFetch: true),
        SecurityContext = PodSafety.OfContainer(),
        TerminationMessagePolicy = "FallbackToLogsOnError",
    };
}
