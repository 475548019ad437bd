namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>What keeps a device's context open for as long as something lives that was made in it.</summary>
/// <param name="context">The context.</param>
internal struct ContextHold(CudaContext context)
{
    private bool isHeld;

    /// <summary>From here on, which is when the driver has made the thing: what could not be made is never released.</summary>
    public void Take() => context.DangerousAddRef(ref isHeld);

    /// <summary>Gives the thing back, then the context; never throws.</summary>
    /// <param name="free">Whether the driver took the thing back.</param>
    public bool Release(Func<bool> free)
    {
        var freed = context.Driver.MakeCurrent(context.DangerousGetHandle()) == 0 && free();
        if (isHeld)
        {
            isHeld = false;
            context.DangerousRelease();
        }

        return freed;
    }
}
