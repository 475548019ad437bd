using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>How the elements of a cache become pairs of bfloat16 as tiles want them, 16 slots at a time; and the same memory of the next tile is fetched.</summary>
internal unsafe interface IKeyValuePairs
{
    /// <summary>Whether scores and weights are still to be multiplied by the tokens' scales.</summary>
    static abstract bool HasScales { get; }

    /// <summary>16 slots' keys to [element / 2][64][2].</summary>
    static abstract void LoadKeys(byte* block, byte* next, int headDim, int blockSize, uint* to);

    /// <summary>16 slots' values to [slot / 2][width][2].</summary>
    static abstract void LoadValues(byte* block, byte* next, int width, uint* to);
}

internal readonly unsafe struct BFloat16Pairs : IKeyValuePairs
{
    public static bool HasScales => false;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadKeys(byte* block, byte* next, int headDim, int blockSize, uint* to)
    {
        var stride = blockSize * sizeof(uint);
        for (var d = 0; d < headDim; d += 2, block += stride, next += stride, to += AttentionTile.Keys)
        {
            Sse.Prefetch1(next);
            Vector512.Load((uint*)block).Store(to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadValues(byte* block, byte* next, int width, uint* to)
    {
        for (var i = 0; i < AttentionTile.Run / 2 * width; i += 16)
        {
            Sse.Prefetch1(next + (i * sizeof(uint)));
            Vector512.Load((uint*)block + i).Store(to + i);
        }
    }
}

internal readonly unsafe struct EightBitPairs<TCode> : IKeyValuePairs
    where TCode : struct, IByteCode
{
    public static bool HasScales => true;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadKeys(byte* block, byte* next, int headDim, int blockSize, uint* to)
    {
        for (var d = 0; d < headDim; d += 2, block += 2 * blockSize, next += 2 * blockSize, to += AttentionTile.Keys)
        {
            Sse.Prefetch1(next);
            var odd = d + 1 < headDim ? TCode.Load<Lanes512, Vector512<float>>(block + blockSize) : Vector512<float>.Zero;
            Join(TCode.Load<Lanes512, Vector512<float>>(block), odd).Store(to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LoadValues(byte* block, byte* next, int width, uint* to)
    {
        for (var slot = 0; slot < AttentionTile.Run; slot += 2, block += 2 * width, next += 2 * width, to += width)
        {
            for (var d = 0; d < width; d += 16)
            {
                Sse.Prefetch1(next + (2 * d));
                Join(TCode.Load<Lanes512, Vector512<float>>(block + d), TCode.Load<Lanes512, Vector512<float>>(block + width + d)).Store(to + d);
            }
        }
    }

    /// <summary>Numbers of eight bits are exact in bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Join(Vector512<float> even, Vector512<float> odd) => (even.AsUInt32() >>> 16) | (odd.AsUInt32() & Vector512.Create(0xFFFF0000u));
}
