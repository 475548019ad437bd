using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Host memory that the device copies from and to by itself, while the host goes on. Kernels of the host may use it like any other.</summary>
internal sealed unsafe class PinnedMemory : TensorMemory
{
    private readonly CudaContext context;
    private readonly bool holdsContext;

    /// <exception cref="CudaOutOfMemoryException">The host may lock no more.</exception>
    public PinnedMemory(CudaContext context, long bytes) : base(bytes, Kernels.Device.Cpu)
    {
        this.context = context;
        context.MakeCurrent();
        nint address;
        var code = context.Driver.MemHostAlloc(&address, checked((nuint)Math.Max(bytes, 1)), 0);
        if (code == CudaErrors.OutOfMemory)
        {
            throw new CudaOutOfMemoryException("cuMemHostAlloc", context.Driver.ErrorName(code), CudaMemoryPurpose.Staging, bytes, 0, 0);
        }

        context.Check(code, $"pinning {bytes} bytes", "cuMemHostAlloc");
        context.DangerousAddRef(ref holdsContext);
        SetHandle(address);
    }

    protected override bool ReleaseHandle()
    {
        var freed = context.Driver.MakeCurrent(context.DangerousGetHandle()) == 0 && context.Release(context.Driver.MemFreeHost(handle), "freeing pinned memory", "cuMemFreeHost");
        if (holdsContext)
        {
            context.DangerousRelease();
        }

        return freed;
    }
}
