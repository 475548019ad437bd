namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Memory that the driver gave; it keeps the device's context open.</summary>
internal abstract class DriverMemory : TensorMemory
{
    private bool holdsContext;

    protected DriverMemory(CudaContext context, Kernels.Device device, long bytes) : base(bytes, device)
    {
        Context = context;
        context.MakeCurrent();
    }

    protected CudaContext Context { get; }

    /// <summary>Takes what the driver gave. Only from here on the context is held: what was not given is never released.</summary>
    protected void Own(nint address)
    {
        Context.DangerousAddRef(ref holdsContext);
        SetHandle(address);
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
