namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// y = x · weightᵀ (+ bias) over packed panels, in one way of computing. How an output is summed depends on the way and on the number of inputs, on nothing else:
/// neither on the number of rows nor on how rows and panels are divided.
/// </summary>
internal abstract unsafe class DenseProduct : IDisposable
{
    // Of the second-level cache, so much is for the rows that pass over a panel.
    protected const int RowCacheBytes = 1 << 20;

    /// <summary>Rows that are best computed together.</summary>
    public abstract int RowBlock { get; }

    /// <summary>Whether activations are rounded to bfloat16 first.</summary>
    public virtual bool RoundsActivations => false;

    /// <summary>How many times as fast as float32 it is, about.</summary>
    public virtual int Speed => 1;

    /// <summary>Rows [rowBegin, rowEnd) by panels [panelBegin, panelEnd). Where activations are rounded, rowBegin is a multiple of sixteen.</summary>
    public abstract void Run(PackedLinear weight, in DenseCall call, int rowBegin, int rowEnd, int panelBegin, int panelEnd);

    public virtual void Dispose()
    {
    }

    /// <summary>The valid columns of sums that went into a scratch panel.</summary>
    protected static void CopyPart(float* from, int fromStride, float* to, int toStride, int rows, int columns)
    {
        for (var row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(from + (row * fromStride), columns).CopyTo(new Span<float>(to + (row * (nint)toStride), columns));
        }
    }
}
