using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>Host memory for a tensor that lies in no file as the model takes it.</summary>
internal sealed unsafe class OwnedMemory : TensorMemory
{
    private const nuint Alignment = 64;

    public OwnedMemory(long bytes) : base(bytes, Device.Cpu) => SetHandle((nint)NativeMemory.AlignedAlloc(checked((nuint)Math.Max(bytes, 1)), Alignment));

    public Span<byte> Span(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Bytes - offset);
        return new Span<byte>((byte*)handle + offset, count);
    }

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
