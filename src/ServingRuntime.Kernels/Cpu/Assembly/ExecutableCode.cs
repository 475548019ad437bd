using System.Runtime.InteropServices;
using Iced.Intel;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>
/// A kernel assembled when the process starts, for instructions that .NET has no intrinsics for. It is written into memory that cannot be executed and then
/// made executable and no longer writable. System V calling convention; it must not allocate, throw or call back, and keeps rbx, rbp and r12 to r15.
/// </summary>
internal sealed unsafe class ExecutableCode : SafeHandle
{
    private const int Read = 1, Write = 2, Execute = 4, PrivateAnonymous = 0x22, PageSize = 4096;
    private readonly nuint length;

    private ExecutableCode(nint address, nuint length)
        : base(0, ownsHandle: true)
    {
        this.length = length;
        SetHandle(address);
    }

    /// <summary>Why no kernels can be assembled and run in this process; null: they can.</summary>
    public static string? WhyNot()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || !OperatingSystem.IsLinux())
        {
            return "kernels are assembled on Linux on x64 only";
        }

        try
        {
            using var code = Assemble(assembler => assembler.ret());
            ((delegate* unmanaged<void>)code.Address)();
            return null;
        }
        catch (PlatformNotSupportedException exception)
        {
            return exception.Message;
        }
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>The first instruction; valid as long as this object is alive and not disposed.</summary>
    public nint Address => handle;

    /// <exception cref="OutOfMemoryException">The system gives no memory.</exception>
    /// <exception cref="PlatformNotSupportedException">The system does not let the process execute what it has written.</exception>
    public static ExecutableCode Assemble(Action<Assembler> write)
    {
        var assembler = new Assembler(64);
        write(assembler);

        // Jumps are relative to the instruction, so the code is the same wherever it lies.
        using var stream = new MemoryStream();
        assembler.Assemble(new StreamCodeWriter(stream), 0);
        var length = (nuint)((stream.Length + PageSize - 1) / PageSize * PageSize);
        var address = Map(0, length, Read | Write, PrivateAnonymous, -1, 0);
        if (address == -1)
        {
            throw new OutOfMemoryException($"no memory for a kernel of {length} bytes: error {Marshal.GetLastPInvokeError()}");
        }

        var code = new ExecutableCode(address, length);
        stream.GetBuffer().AsSpan(0, (int)stream.Length).CopyTo(new Span<byte>((void*)address, (int)length));
        if (Protect(address, length, Read | Execute) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            code.Dispose();
            throw new PlatformNotSupportedException($"the system does not let this process execute kernels assembled at start: error {error}");
        }

        return code;
    }

    protected override bool ReleaseHandle() => Unmap(handle, length) == 0;

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static extern nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static extern int Protect(nint address, nuint length, int protection);

    [DllImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static extern int Unmap(nint address, nuint length);
}
