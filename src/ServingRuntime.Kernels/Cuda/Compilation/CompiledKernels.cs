namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>One source, compiled.</summary>
/// <param name="Image">A cubin, or PTX where the architecture is virtual.</param>
/// <param name="Log">The compiler's; empty where the image came from the cache.</param>
internal sealed record CompiledKernels(byte[] Image, string Log)
{
    public IReadOnlyList<KernelUsage> Usage => PtxasLog.Parse(Log);
}
