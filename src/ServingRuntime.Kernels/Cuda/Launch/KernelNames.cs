namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>A kernel's names by the types of its activations, all made beforehand, since a launch allocates nothing: prefix_f32 and, where a type becomes another, prefix_f32_bf16.</summary>
internal sealed class KernelNames(string prefix)
{
    private static readonly DType[] Types = [DType.Float32, DType.BFloat16, DType.Float16];
    private readonly string[] byType = [.. Types.Select(type => $"{prefix}_{Suffix(type)}")];
    private readonly string[] byTypes = [.. Types.SelectMany(from => Types.Select(to => $"{prefix}_{Suffix(from)}_{Suffix(to)}"))];

    public string this[DType type] => byType[Array.IndexOf(Types, type)];

    public string this[DType from, DType to] => byTypes[(Array.IndexOf(Types, from) * Types.Length) + Array.IndexOf(Types, to)];

    /// <summary>Whether it is one of the types that activations have on a device.</summary>
    public static bool IsActivation(DType type) => type is DType.Float32 or DType.BFloat16 or DType.Float16;

    private static string Suffix(DType type) => type switch { DType.Float32 => "f32", DType.BFloat16 => "bf16", _ => "f16" };
}
