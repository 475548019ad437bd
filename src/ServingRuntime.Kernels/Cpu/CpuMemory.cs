using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Zeroed host memory aligned to a cache line. Large ones cost nothing until touched, since the system maps zero pages lazily.</summary>
internal sealed unsafe class CpuMemory : TensorMemory
{
    private const int Alignment = 64;
    private readonly void* allocation;

    public CpuMemory(long bytes) : base(bytes, Device.Cpu)
    {
        allocation = NativeMemory.AllocZeroed(checked((nuint)bytes + Alignment));
        SetHandle((nint)(((nuint)allocation + Alignment - 1) & ~(nuint)(Alignment - 1)));
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free(allocation);
        return true;
    }
}
