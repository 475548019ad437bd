using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Pooling;

/// <summary>Takes a step's hidden states [T, hidden] into the vectors of the requests that ask for an embedding.</summary>
internal sealed class Pooler(IKernelBackend backend, int hiddenSize) : IDisposable
{
    private readonly float[] row = new float[hiddenSize];
    private readonly Tensor widened = backend.Allocate(new TensorShape(1, hiddenSize), DType.Float32);

    /// <param name="hidden">After the last norm.</param>
    /// <param name="firstRow">Row of the request's first token in this step.</param>
    public void Add(PoolingState state, in Tensor hidden, int firstRow, in ScheduledRequest scheduled)
    {
        var first = scheduled.Request.NumComputedTokens;
        for (var i = state.Params.Type == PoolingType.Last ? scheduled.NumTokens - 1 : 0; i < scheduled.NumTokens; i++)
        {
            var values = hidden.Rows(firstRow + i, 1);
            if (values.DType != DType.Float32)
            {
                backend.Copy(values, widened);
                values = widened;
            }

            backend.CopyToHost(values, row.AsSpan());
            state.Add(first + i, row);
        }
    }

    public void Dispose() => widened.Memory.Dispose();
}
