namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>Element in numbers.cuh: the types of which one kernel takes them all and is told at the launch.</summary>
internal static class KernelElements
{
    /// <exception cref="ArgumentException">Activations are of none but these.</exception>
    public static int NumberOf(DType type) => type switch
    {
        DType.Float32 => 0,
        DType.BFloat16 => 1,
        DType.Float16 => 2,
        _ => throw new ArgumentException($"activations are float32, bfloat16 or float16, not {type}", nameof(type)),
    };
}
