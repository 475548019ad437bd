using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>
/// A device's primary context, and the one place where codes become exceptions. All that was made on the device keeps it open, so it is released last, whatever the order of disposal or of finalizers.
/// </summary>
internal sealed unsafe class CudaContext : SafeHandle
{
    private readonly int device;
    private CudaException? loss;
    private long frees;
    private long allocations;

    public CudaContext(CudaDriver driver, int device) : base(0, ownsHandle: true)
    {
        Driver = driver;
        this.device = device;
        nint context;
        Check(driver.PrimaryCtxRetain(&context, device), "opening the device", "cuDevicePrimaryCtxRetain");
        SetHandle(context);
        MakeCurrent();
    }

    public CudaDriver Driver { get; }

    public override bool IsInvalid => handle == 0;

    /// <summary>The first error after which nothing works on the device in this process; null: none.</summary>
    public CudaException? Loss => Volatile.Read(ref loss);

    /// <summary>How often memory of the device has been freed: what names addresses and was recorded before is not to be used any more.</summary>
    public long Frees => Interlocked.Read(ref frees);

    /// <summary>How often memory of the device has been taken.</summary>
    public long Allocations => Interlocked.Read(ref allocations);

    /// <summary>Memory of the device has been taken.</summary>
    public void NoteAllocation() => Interlocked.Increment(ref allocations);

    /// <summary>Memory of the device is about to be freed.</summary>
    public void NoteFree() => Interlocked.Increment(ref frees);

    /// <summary>Makes the context the calling thread's, as each of the driver's calls needs it: a model is loaded by one thread and run by another. Cheap where it is already.</summary>
    public void MakeCurrent() => Check(Driver.MakeCurrent(handle), "taking the device", "cuCtxSetCurrent");

    /// <param name="attempted">What the call was for, as the beginning of a sentence.</param>
    public void Check(int code, string attempted, string call)
    {
        if (code != 0)
        {
            throw Failure(code, attempted, call);
        }
    }

    public CudaException Failure(int code, string attempted, string call)
    {
        var failure = Driver.Failure(attempted, call, code);
        if (failure.IsSticky)
        {
            Interlocked.CompareExchange(ref loss, failure, null);
        }

        return failure;
    }

    /// <summary>For handles being released: no exception leaves, but a lost device is noted.</summary>
    /// <returns>Whether the call succeeded.</returns>
    public bool Release(int code, string attempted, string call)
    {
        if (code != 0)
        {
            _ = Failure(code, attempted, call);
        }

        return code == 0;
    }

    protected override bool ReleaseHandle()
    {
        Driver.ForgetCurrent();
        return Driver.PrimaryCtxRelease(device) == 0;
    }
}
