using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Something made on a device; it keeps the device's context open.</summary>
internal abstract class CudaHandle : SafeHandle
{
    private ContextHold hold;

    protected CudaHandle(CudaContext context) : base(0, ownsHandle: true)
    {
        Context = context;
        hold = new ContextHold(context);
        context.MakeCurrent();
    }

    public CudaContext Context { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>The driver's handle, for a call from this thread.</summary>
    public nint Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            Context.MakeCurrent();
            return handle;
        }
    }

    /// <summary>Takes what the driver made.</summary>
    protected void Own(nint value)
    {
        hold.Take();
        SetHandle(value);
    }

    /// <returns>Whether the driver took it back.</returns>
    protected abstract bool Free();

    protected sealed override bool ReleaseHandle() => hold.Release(Free);
}
