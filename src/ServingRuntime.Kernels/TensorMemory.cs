using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels;

/// <summary>Memory that tensors are views of. Who allocates it disposes it; views do not keep it open.</summary>
public abstract class TensorMemory : SafeHandle
{
    protected TensorMemory(long bytes, Device device) : base(0, ownsHandle: true)
    {
        Bytes = bytes;
        Device = device;
    }

    public long Bytes { get; }

    public Device Device { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>First byte. Host memory may be read through it, device memory only by kernels.</summary>
    internal nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }
}
