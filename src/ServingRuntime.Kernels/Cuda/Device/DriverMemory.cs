namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Memory that the driver gave; it keeps the device's context open.</summary>
internal abstract class DriverMemory : TensorMemory
{
    private ContextHold hold;

    protected DriverMemory(CudaContext context, Kernels.Device device, long bytes) : base(bytes, device)
    {
        Context = context;
        hold = new ContextHold(context);
        context.MakeCurrent();
    }

    protected CudaContext Context { get; }

    /// <summary>Takes what the driver gave.</summary>
    protected void Own(nint address)
    {
        hold.Take();
        SetHandle(address);
    }

    /// <returns>Whether the driver took it back.</returns>
    protected abstract bool Free();

    protected sealed override bool ReleaseHandle() => hold.Release(Free);
}
