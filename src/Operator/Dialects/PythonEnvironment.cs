using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Dialects;

/// <summary>
/// What runtimes in Python need where the root file system cannot be written and the user has no name: every cache below the scratch volume, a name for
/// getpass, and no call to a hub, since the model is there already.
/// </summary>
internal static class PythonEnvironment
{
    public static IReadOnlyList<V1EnvVar> Variables { get; } =
    [
        Of("HOME", PodVolumes.ScratchPath),
        Of("USER", "octavo"),
        Of("XDG_CACHE_HOME", Below("cache")),
        Of("XDG_CONFIG_HOME", Below("config")),
        Of("HF_HOME", Below("huggingface")),
        Of("HF_HUB_OFFLINE", "1"),
        Of("TRITON_CACHE_DIR", Below("triton")),
        Of("TORCHINDUCTOR_CACHE_DIR", Below("torchinductor")),
        Of("FLASHINFER_WORKSPACE_BASE", PodVolumes.ScratchPath),
    ];

    public static V1EnvVar Of(string name, string value) => new() { Name = name, Value = value };

    public static string Below(string folder) => $"{PodVolumes.ScratchPath}/{folder}";
}
