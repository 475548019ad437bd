using System.IO.MemoryMappedFiles;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>A file as read-only memory: only what is touched is read, and processes share it.</summary>
internal sealed unsafe class MappedMemory : TensorMemory
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;

    public MappedMemory(FileStream stream) : base(stream.Length, Device.Cpu)
    {
        file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        SetHandle((nint)(pointer + view.PointerOffset));
    }

    /// <summary>Bytes of the file; valid while it is open.</summary>
    public ReadOnlySpan<byte> Span(long offset, int count)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Bytes - offset);
        return new ReadOnlySpan<byte>((byte*)handle + offset, count);
    }

    protected override bool ReleaseHandle()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
        return true;
    }
}
