using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Something made on a device; it keeps the device's context open.</summary>
internal abstract class CudaHandle : SafeHandle
{
    private bool holdsContext;

    protected CudaHandle(CudaContext context) : base(0, ownsHandle: true)
    {
        Context = context;
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

    /// <summary>Takes what the driver made. Only from here on the context is held: what could not be made is never released.</summary>
    protected void Own(nint value)
    {
        Context.DangerousAddRef(ref holdsContext);
        SetHandle(value);
    }

    /// <returns>Whether the driver took it back.</returns>
    protected abstract bool Free();

    protected sealed override bool ReleaseHandle()
    {
        var freed = Context.Driver.MakeCurrent(Context.DangerousGetHandle()) == 0 && Free();
        if (holdsContext)
        {
            Context.DangerousRelease();
        }

        return freed;
    }
}
