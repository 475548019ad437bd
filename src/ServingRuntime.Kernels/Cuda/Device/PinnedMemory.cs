using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Host memory that the device copies from and to by itself, while the host goes on. Kernels of the host may use it like any other.</summary>
internal sealed unsafe class PinnedMemory : DriverMemory
{
    /// <exception cref="CudaOutOfMemoryException">The host may lock no more.</exception>
    public PinnedMemory(CudaContext context, long bytes) : base(context, Kernels.Device.Cpu, bytes)
    {
        nint address;
        var code = context.Driver.MemHostAlloc(&address, checked((nuint)Math.Max(bytes, 1)), 0);
        if (code == CudaErrors.OutOfMemory)
        {
            throw new CudaOutOfMemoryException("cuMemHostAlloc", context.Driver.ErrorName(code), CudaMemoryPurpose.Staging, bytes, 0, 0);
        }

        context.Check(code, $"pinning {bytes} bytes", "cuMemHostAlloc");
        Own(address);
    }

    protected override bool Free() => Context.Release(Context.Driver.MemFreeHost(handle), "freeing pinned memory", "cuMemFreeHost");
}
