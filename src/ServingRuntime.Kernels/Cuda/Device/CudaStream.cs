namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>A queue of work on the device; what is enqueued on one takes effect in order. It does not wait for the device's default stream.</summary>
internal sealed unsafe class CudaStream : CudaHandle
{
    private const uint NonBlocking = 1;
    private const int ThreadLocal = 1;

    public CudaStream(CudaContext context) : base(context)
    {
        nint stream;
        context.Check(context.Driver.StreamCreate(&stream, NonBlocking), "making a stream", "cuStreamCreate");
        Own(stream);
    }

    /// <summary>Returns when all that was enqueued is done; errors of kernels come to light here.</summary>
    public void Synchronize() => Context.Check(Context.Driver.StreamSynchronize(Value), "waiting for the device", "cuStreamSynchronize");

    /// <summary>What is enqueued from now on begins after the event.</summary>
    public void Wait(CudaEvent what) => Context.Check(Context.Driver.StreamWaitEvent(Value, what.Value, 0), "ordering streams", "cuStreamWaitEvent");

    /// <summary>All bytes of a range to a value.</summary>
    public void Fill(nint address, byte value, long bytes) =>
        Context.Check(Context.Driver.MemsetD8Async(address, value, checked((nuint)bytes), Value), "filling device memory", "cuMemsetD8Async");

    /// <summary>From host to device. Pinned memory is read when the stream comes to it, any other before this returns.</summary>
    public void CopyToDevice(nint destination, void* source, long bytes) =>
        Context.Check(Context.Driver.MemcpyHtoDAsync(destination, source, checked((nuint)bytes), Value), "copying to the device", "cuMemcpyHtoDAsync_v2");

    /// <summary>From device to host. Pinned memory is written when the stream comes to it, any other before this returns.</summary>
    public void CopyToHost(void* destination, nint source, long bytes) =>
        Context.Check(Context.Driver.MemcpyDtoHAsync(destination, source, checked((nuint)bytes), Value), "copying from the device", "cuMemcpyDtoHAsync_v2");

    public void CopyOnDevice(nint destination, nint source, long bytes) =>
        Context.Check(Context.Driver.MemcpyDtoDAsync(destination, source, checked((nuint)bytes), Value), "copying on the device", "cuMemcpyDtoDAsync_v2");

    /// <summary>From here on what this thread enqueues is recorded instead, until <see cref="EndCapture"/>; it may not wait, allocate or free meanwhile.</summary>
    public void BeginCapture() => Context.Check(Context.Driver.StreamBeginCapture(Value, ThreadLocal), "beginning a record", "cuStreamBeginCapture_v2");

    /// <summary>What was recorded, ready to be launched.</summary>
    /// <exception cref="Native.CudaException">Something was done that cannot be recorded; the stream works as before.</exception>
    public CudaGraph EndCapture()
    {
        nint graph = 0;
        Context.Check(Context.Driver.StreamEndCapture(Value, &graph), "ending a record", "cuStreamEndCapture");
        try
        {
            return new CudaGraph(Context, graph);
        }
        finally
        {
            Context.Check(Context.Driver.GraphDestroy(graph), "ending a record", "cuGraphDestroy");
        }
    }

    /// <summary>Ends a record of which nothing is wanted, in whatever state it is.</summary>
    public void AbandonCapture()
    {
        nint graph = 0;
        _ = Context.Driver.StreamEndCapture(Value, &graph);
        if (graph != 0)
        {
            _ = Context.Driver.GraphDestroy(graph);
        }
    }

    protected override bool Free() => Context.Release(Context.Driver.StreamDestroy(handle), "ending a stream", "cuStreamDestroy_v2");
}
