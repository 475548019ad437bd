using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Zeroed host memory aligned to a cache line. Large ones cost nothing until touched, since the system maps zero pages lazily, and ask for huge pages where the system has them:
/// a pass over hundreds of megabytes of weights then takes hundreds of address translations instead of a hundred thousand.
/// </summary>
internal sealed unsafe class CpuMemory : TensorMemory
{
    private const int Alignment = 64, HugePage = 2 << 20, AdviseHugePages = 14;
    private const long HugeFrom = 4L * HugePage;
    private readonly void* allocation;

    public CpuMemory(long bytes) : base(bytes, Device.Cpu)
    {
        var alignment = bytes >= HugeFrom && OperatingSystem.IsLinux() ? HugePage : Alignment;
        allocation = NativeMemory.AllocZeroed(checked((nuint)bytes + (nuint)alignment));
        var address = ((nuint)allocation + (nuint)alignment - 1) & ~((nuint)alignment - 1);
        SetHandle((nint)address);
        if (alignment == HugePage)
        {
            // Advice: where it is refused, pages are small and all is as before.
            _ = Advise((nint)address, (nuint)bytes & ~(nuint)(HugePage - 1), AdviseHugePages);
        }
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.Free(allocation);
        return true;
    }

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(nint address, nuint length, int advice);
}
