using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Memory of a device, aligned to 256 bytes; its content is not defined at first.</summary>
internal sealed unsafe class DeviceMemory : DriverMemory
{
    /// <param name="bytes">0 is allowed.</param>
    /// <exception cref="CudaOutOfMemoryException">The device has no room.</exception>
    public DeviceMemory(CudaContext context, Kernels.Device device, long bytes, CudaMemoryPurpose purpose) : base(context, device, bytes)
    {
        nint address;
        var code = context.Driver.MemAlloc(&address, checked((nuint)Math.Max(bytes, 1)));
        if (code == CudaErrors.OutOfMemory)
        {
            nuint free = 0, total = 0;
            _ = context.Driver.MemGetInfo(&free, &total);
            throw new CudaOutOfMemoryException("cuMemAlloc_v2", context.Driver.ErrorName(code), purpose, bytes, (long)free, (long)total);
        }

        context.Check(code, $"allocating {bytes} bytes for {purpose.Words()}", "cuMemAlloc_v2");
        Own(address);
        context.NoteAllocation();
    }

    protected override bool Free()
    {
        Context.NoteFree();
        return Context.Release(Context.Driver.MemFree(handle), "freeing device memory", "cuMemFree_v2");
    }
}
