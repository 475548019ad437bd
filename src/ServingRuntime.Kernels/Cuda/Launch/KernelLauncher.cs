using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>
/// The operations of <see cref="IKernelBackend"/> on one stream of a device, with that interface's semantics. Activations are float32, bfloat16 or float16, those of one call alike where nothing else is said; the residual stream, logits and sums are float32.
/// Calls enqueue and allocate nothing; errors of a kernel come to light when somebody waits for the stream. Where the CPU refuses an index that is outside of its table, a kernel, which
/// cannot throw, makes the row NaN.
/// </summary>
internal sealed partial class KernelLauncher(KernelLibrary kernels, CudaStream stream)
{
    private const int RowThreads = 256;

    /// <summary>A matrix [rows, columns] of an activation type, dense or strided.</summary>
    private static void Activations(in Tensor tensor, int rows, int columns, DType dtype, string name)
    {
        Arguments.That(KernelNames.IsActivation(dtype), $"{name}: activations are float32, bfloat16 or float16, not {dtype}");
        Arguments.That(
            tensor.DType == dtype && tensor.Shape.Rank == 2 && tensor.Shape[0] == rows && tensor.Shape[1] == columns,
            $"{name}: {dtype} [{rows}, {columns}] is needed, not {tensor.DType} {tensor.Shape}");
    }

    private static string ByType(DType dtype, string float32, string bfloat16) => dtype switch
    {
        DType.Float32 => float32,
        DType.BFloat16 => bfloat16,
        _ => throw new ArgumentException($"there is no such kernel for {dtype}"),
    };

    private static long Parts(long count, int each) => (count + each - 1) / each;
}
