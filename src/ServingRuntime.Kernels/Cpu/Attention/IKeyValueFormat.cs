namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>How the elements of a cache become float32, a run of 16 slots at a time.</summary>
internal unsafe interface IKeyValueFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    /// <summary>Whether scores and weights are still to be multiplied by the tokens' scales.</summary>
    static abstract bool HasScales { get; }

    /// <summary>16 slots' keys to [element][64].</summary>
    /// <param name="block">The head's keys in the block, at the first of the slots.</param>
    static abstract void LoadKeys(byte* block, int headDim, int blockSize, float* to);

    /// <summary>16 slots' values to [slot][width].</summary>
    /// <param name="block">The head's values in the block, at the first of the slots.</param>
    static abstract void LoadValues(byte* block, int width, float* to);
}

internal readonly unsafe struct Float32Cache<TOps, TVector> : IKeyValueFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public static bool HasScales => false;

    public static void LoadKeys(byte* block, int headDim, int blockSize, float* to)
    {
        var from = (float*)block;
        for (var d = 0; d < headDim; d++, from += blockSize, to += AttentionTile.Keys)
        {
            for (var i = 0; i < AttentionTile.Run; i += TOps.Count)
            {
                TOps.Store(TOps.Load(from + i), to + i);
            }
        }
    }

    public static void LoadValues(byte* block, int width, float* to)
    {
        var from = (float*)block;
        for (var i = 0; i < AttentionTile.Run * width; i += TOps.Count)
        {
            TOps.Store(TOps.Load(from + i), to + i);
        }
    }
}

internal readonly unsafe struct BFloat16Cache<TOps, TVector> : IKeyValueFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public static bool HasScales => false;

    public static void LoadKeys(byte* block, int headDim, int blockSize, float* to)
    {
        // Where the head's size is odd, the last pair's second element is zero and goes to a row that nobody reads.
        var from = (uint*)block;
        for (var d = 0; d < headDim; d += 2, from += blockSize, to += 2 * AttentionTile.Keys)
        {
            for (var i = 0; i < AttentionTile.Run; i += TOps.Count)
            {
                TOps.LoadBFloat16Pairs(from + i, out var even, out var odd);
                TOps.Store(even, to + i);
                TOps.Store(odd, to + AttentionTile.Keys + i);
            }
        }
    }

    public static void LoadValues(byte* block, int width, float* to)
    {
        var from = (uint*)block;
        for (var slot = 0; slot < AttentionTile.Run; slot += 2, from += width, to += 2 * width)
        {
            for (var i = 0; i < width; i += TOps.Count)
            {
                TOps.LoadBFloat16Pairs(from + i, out var even, out var odd);
                TOps.Store(even, to + i);
                TOps.Store(odd, to + width + i);
            }
        }
    }
}

internal readonly unsafe struct EightBitCache<TOps, TVector, TCode> : IKeyValueFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
    where TCode : struct, IByteCode
{
    public static bool HasScales => true;

    public static void LoadKeys(byte* block, int headDim, int blockSize, float* to)
    {
        for (var d = 0; d < headDim; d++, block += blockSize, to += AttentionTile.Keys)
        {
            for (var i = 0; i < AttentionTile.Run; i += TOps.Count)
            {
                TOps.Store(TCode.Load<TOps, TVector>(block + i), to + i);
            }
        }
    }

    public static void LoadValues(byte* block, int width, float* to)
    {
        for (var i = 0; i < AttentionTile.Run * width; i += TOps.Count)
        {
            TOps.Store(TCode.Load<TOps, TVector>(block + i), to + i);
        }
    }
}
