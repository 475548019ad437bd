using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Resources;

/// <summary>
/// The volumes of a replica: the model's, one to write to, since the root file system cannot be written, and memory that processes share, where the runtime
/// needs it or the user names its size (a container's own /dev/shm is 64 MiB).
/// </summary>
internal static class PodVolumes
{
    public const string ScratchPath = "/tmp";

    public const string ScratchVolume = "tmp";

    private const string SharedMemoryVolume = "shm";
    private const string SharedMemoryPath = "/dev/shm";

    public static IReadOnlyList<V1Volume> Of(PodTemplateInputs inputs) =>
    [
        new V1Volume { Name = ScratchVolume, EmptyDir = new V1EmptyDirVolumeSource() },
        .. HasSharedMemory(inputs)
            ? [new V1Volume { Name = SharedMemoryVolume, EmptyDir = new V1EmptyDirVolumeSource { Medium = "Memory", SizeLimit = inputs.Service.Spec.Runtime?.SharedMemory?.Text } }]
            : Array.Empty<V1Volume>(),
        .. inputs.Model.Volume is { } model ? [model] : Array.Empty<V1Volume>(),
    ];

    /// <summary>In the fetch, which writes the model, or in the runtime, which only reads it.</summary>
    public static IReadOnlyList<V1VolumeMount> Mounts(PodTemplateInputs inputs, bool forFetch) =>
    [
        new V1VolumeMount { Name = ScratchVolume, MountPath = ScratchPath },
        .. !forFetch && HasSharedMemory(inputs) ? [new V1VolumeMount { Name = SharedMemoryVolume, MountPath = SharedMemoryPath }] : Array.Empty<V1VolumeMount>(),
        .. inputs.Model.Mount(forFetch) is { } model ? [model] : Array.Empty<V1VolumeMount>(),
    ];

    private static bool HasSharedMemory(PodTemplateInputs inputs) => inputs.Dialect.NeedsSharedMemory || inputs.Service.Spec.Runtime?.SharedMemory is not null;
}
