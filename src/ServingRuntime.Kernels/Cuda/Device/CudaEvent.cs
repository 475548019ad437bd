using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>A mark in a stream.</summary>
internal sealed unsafe class CudaEvent : CudaHandle
{
    private const uint DisableTiming = 2;

    /// <param name="timing">Whether <see cref="Since"/> is to work; without, waiting is cheaper.</param>
    public CudaEvent(CudaContext context, bool timing = false) : base(context)
    {
        nint mark;
        context.Check(context.Driver.EventCreate(&mark, timing ? 0 : DisableTiming), "making an event", "cuEventCreate");
        Own(mark);
    }

    /// <summary>Whether the device has come to the mark; true where it was never set.</summary>
    public bool IsReached
    {
        get
        {
            var code = Context.Driver.EventQuery(Value);
            if (code is not (0 or CudaErrors.NotReady))
            {
                throw Context.Failure(code, "asking for an event", "cuEventQuery");
            }

            return code == 0;
        }
    }

    /// <summary>Sets the mark behind what the stream has now.</summary>
    public void Record(CudaStream stream) => Context.Check(Context.Driver.EventRecord(Value, stream.Value), "recording an event", "cuEventRecord");

    /// <summary>Returns when the device has come to the mark; at once where it was never set.</summary>
    public void Synchronize() => Context.Check(Context.Driver.EventSynchronize(Value), "waiting for an event", "cuEventSynchronize");

    /// <summary>Time on the device between two marks that it has come to.</summary>
    public TimeSpan Since(CudaEvent begin)
    {
        float milliseconds;
        Context.Check(Context.Driver.EventElapsedTime(&milliseconds, begin.Value, Value), "measuring time", "cuEventElapsedTime");
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    protected override bool Free() => Context.Release(Context.Driver.EventDestroy(handle), "ending an event", "cuEventDestroy_v2");
}
