using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Resources;

/// <summary>The volumes of a replica: the model's, and one to write to, since the root file system cannot be written.</summary>
internal static class PodVolumes
{
    public const string ScratchPath = "/tmp";

    private const string ScratchVolume = "tmp";

    public static IReadOnlyList<V1Volume> Of(PodTemplateInputs inputs) =>
        [new V1Volume { Name = ScratchVolume, EmptyDir = new V1EmptyDirVolumeSource() }, .. inputs.Model.Volume is { } model ? [model] : Array.Empty<V1Volume>()];

    /// <summary>In the fetch, which writes the model, or in the runtime, which only reads it.</summary>
    public static IReadOnlyList<V1VolumeMount> Mounts(PodTemplateInputs inputs, bool forFetch) =>
        [new V1VolumeMount { Name = ScratchVolume, MountPath = ScratchPath }, .. inputs.Model.Mount(forFetch) is { } model ? [model] : Array.Empty<V1VolumeMount>()];
}
