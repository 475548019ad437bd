using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Zeroed host memory aligned to a cache line. On Linux what is large enough for a huge page is mapped anew: it costs nothing until touched, lies in the memory of the node of whoever
/// touches it first, and asks for huge pages: a pass over hundreds of megabytes of weights then takes hundreds of address translations instead of a hundred thousand.
/// </summary>
internal sealed unsafe class CpuMemory : TensorMemory
{
    private const int CacheLine = 64, HugePage = 2 << 20;
    private const int ReadWrite = 3, PrivateAnonymous = 0x22, AdviseHugePages = 14;
    private readonly void* allocation;

    // Of a mapping; 0: it is none.
    private readonly nuint mapped;

    public CpuMemory(long bytes) : base(bytes, Device.Cpu)
    {
        var isMapped = bytes >= HugePage && OperatingSystem.IsLinux();
        var alignment = isMapped ? (nuint)HugePage : CacheLine;
        var length = checked((nuint)bytes + alignment);
        if (isMapped)
        {
            allocation = Map(null, length, ReadWrite, PrivateAnonymous, -1, 0);
            if ((nint)allocation == -1)
            {
                throw new OutOfMemoryException($"the system has no {bytes} bytes");
            }

            mapped = length;
        }
        else
        {
            allocation = NativeMemory.AllocZeroed(length);
        }

        var address = ((nuint)allocation + alignment - 1) & ~(alignment - 1);
        SetHandle((nint)address);
        if (isMapped)
        {
            // Advice: where it is refused, pages are small and all is as before.
            _ = Advise((nint)address, (nuint)bytes & ~(nuint)(HugePage - 1), AdviseHugePages);
        }
    }

    protected override bool ReleaseHandle()
    {
        if (mapped > 0)
        {
            return Unmap(allocation, mapped) == 0;
        }

        NativeMemory.Free(allocation);
        return true;
    }

    [DllImport("libc", EntryPoint = "mmap")]
    private static extern void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "munmap")]
    private static extern int Unmap(void* address, nuint length);

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(nint address, nuint length, int advice);
}
