namespace Octavo.ServingRuntime.Kernels.Cuda.Device;

/// <summary>Recorded work that is enqueued by one call. It names the memory that it was recorded with, all of which must still be there.</summary>
internal sealed unsafe class CudaGraph : CudaHandle
{
    /// <param name="graph">As the stream recorded it; not needed afterwards.</param>
    public CudaGraph(CudaContext context, nint graph) : base(context)
    {
        nint executable;
        context.Check(context.Driver.GraphInstantiate(&executable, graph, 0), "making a graph", "cuGraphInstantiateWithFlags");
        Own(executable);
    }

    public void Launch(CudaStream stream) => Context.Check(Context.Driver.GraphLaunch(Value, stream.Value), "launching a graph", "cuGraphLaunch");

    protected override bool Free() => Context.Release(Context.Driver.GraphExecDestroy(handle), "ending a graph", "cuGraphExecDestroy");
}
