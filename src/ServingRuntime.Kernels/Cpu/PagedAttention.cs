using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>What one call of paged attention works on; shapes as in <see cref="IKernelBackend.PagedAttention"/>.</summary>
internal unsafe struct AttentionArguments
{
    public float* Queries;
    public int QueryStride;
    public float* Output;
    public int OutputStride;

    /// <summary>[block][head][headDim][slot]: the scores of a block's keys are computed side by side.</summary>
    public float* Keys;

    /// <summary>[block][head][slot][valueWidth].</summary>
    public float* Values;

    public int* QueryStarts;
    public int* SequenceLengths;
    public int* BlockTables;
    public int BlockTableStride;
    public int Sequences;
    public int Heads;
    public int KVHeads;
    public int HeadDim;

    /// <summary>HeadDim filled up with zeros to whole vectors of any size.</summary>
    public int ValueWidth;
    public int BlockSize;
    public float Scale;

    /// <summary>0: no window.</summary>
    public int SlidingWindow;

    /// <summary>0: none.</summary>
    public float SoftCap;
}

/// <summary>
/// Online softmax over tiles of 64 keys, counted from the sequence's first token. A query's arithmetic depends on its position and on what the
/// tiles hold, never on which block a tile lies in or which chunk the query came with; so chunking, caching and preemption change no bit.
/// </summary>
internal static unsafe class PagedAttention
{
    private const int Tile = 64;

    /// <summary>Elements that a value of a head takes in its block: whole vectors of the longest kind.</summary>
    public static int ValueWidth(int headDim) => (headDim + 15) / 16 * 16;

    /// <summary>The units (token, KV head) whose number is <paramref name="first"/> modulo <paramref name="step"/>: long and short ones spread evenly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVector>(in AttentionArguments arguments, int first, int step)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var group = arguments.Heads / arguments.KVHeads;
        for (var s = 0; s < arguments.Sequences; s++)
        {
            int begin = arguments.QueryStarts[s], end = arguments.QueryStarts[s + 1];
            var position = arguments.SequenceLengths[s] - (end - begin);
            var table = arguments.BlockTables + ((nint)s * arguments.BlockTableStride);
            for (var token = begin; token < end; token++)
            {
                var unit = (long)token * arguments.KVHeads;
                for (var kvHead = 0; kvHead < arguments.KVHeads; kvHead++)
                {
                    if ((unit + kvHead) % step != first)
                    {
                        continue;
                    }

                    for (var head = kvHead * group; head < (kvHead + 1) * group; head += 2)
                    {
                        var query = arguments.Queries + ((nint)token * arguments.QueryStride) + (head * arguments.HeadDim);
                        var output = arguments.Output + ((nint)token * arguments.OutputStride) + (head * arguments.HeadDim);
                        var heads = Math.Min(2, ((kvHead + 1) * group) - head);
                        Attend<TOps, TVector>(in arguments, query, heads, table, kvHead, position + (token - begin) + 1, output);
                    }
                }
            }
        }
    }

    /// <summary>
    /// One or two query heads over <paramref name="length"/> keys that they share. Two together read keys and values once, and one's chains of sums fill
    /// the time in which the other's wait; a head without a partner is its own, into memory that nobody reads, which costs no time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Attend<TOps, TVector>(in AttentionArguments arguments, float* query, int heads, int* table, int kvHead, int length, float* output)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var weights = stackalloc float[2 * Tile];
        var sums = stackalloc float[2 * VectorMath.SumLanes];
        var max = stackalloc float[2];
        var width = arguments.ValueWidth;
        var unread = stackalloc float[heads == 1 ? width : 0];
        var filled = stackalloc float[width == arguments.HeadDim ? 0 : heads * width];
        var sum = width == arguments.HeadDim ? output : filled;
        var query1 = heads == 2 ? query + arguments.HeadDim : query;
        var weights1 = heads == 2 ? weights + Tile : weights;
        var sum1 = heads == 2 ? sum + width : unread;
        new Span<float>(sums, 2 * VectorMath.SumLanes).Clear();
        new Span<float>(sum, heads * width).Clear();
        max[0] = max[1] = float.NegativeInfinity;

        // A window leaves out whole tiles, and in the first of those that remain its head.
        var visible = arguments.SlidingWindow > 0 ? Math.Max(0, length - arguments.SlidingWindow) : 0;
        var first = visible / Tile * Tile;
        for (var start = first; start < length; start += Tile)
        {
            var count = Math.Min(Tile, length - start);
            Scores<TOps, TVector>(in arguments, query, query1, table, kvHead, start, count, weights, weights1);
            for (var head = 0; head < heads; head++)
            {
                var tile = weights + (head * Tile);
                if (arguments.SoftCap > 0)
                {
                    Activation.SoftCap<TOps, TVector>(tile, count, arguments.SoftCap);
                }

                FoldTile<TOps, TVector>(
                    tile, Math.Max(0, visible - start), count, start > first, ref max[head], sums + (head * VectorMath.SumLanes), sum + (head * width), width);
            }

            AddValues<TOps, TVector>(in arguments, weights, weights1, table, kvHead, start, count, sum, sum1);
        }

        for (var head = 0; head < heads; head++, sum += width)
        {
            var inverse = TOps.Broadcast(1f / VectorMath.ReduceSum(sums + (head * VectorMath.SumLanes)));
            for (var i = 0; i < width; i += TOps.Count)
            {
                TOps.Store(TOps.Multiply(TOps.Load(sum + i), inverse), sum + i);
            }

            if (width != arguments.HeadDim)
            {
                new Span<float>(sum, arguments.HeadDim).CopyTo(new Span<float>(output + (head * arguments.HeadDim), arguments.HeadDim));
            }
        }
    }

    /// <summary>A tile's scores become weights relative to the largest score so far; sums and output follow where that grows. The first <paramref name="hidden"/> are not seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FoldTile<TOps, TVector>(float* weights, int hidden, int count, bool hasEarlier, ref float max, float* sums, float* output, int headDim)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var padded = (count + VectorMath.SumLanes - 1) / VectorMath.SumLanes * VectorMath.SumLanes;
        new Span<float>(weights, hidden).Fill(float.NegativeInfinity);
        new Span<float>(weights + count, padded - count).Fill(float.NegativeInfinity);
        var tileMax = Max<TOps, TVector>(weights, padded);
        if (tileMax > max)
        {
            if (hasEarlier)
            {
                Rescale<TOps, TVector>(max - tileMax, sums, output, headDim);
            }

            max = tileMax;
        }

        for (var i = 0; i < padded; i += TOps.Count)
        {
            TOps.Store(VectorMath.Exp<TOps, TVector>(TOps.Subtract(TOps.Load(weights + i), TOps.Broadcast(max))), weights + i);
        }

        new Span<float>(weights, hidden).Clear();
        new Span<float>(weights + count, padded - count).Clear();
        for (var i = 0; i < padded; i += TOps.Count)
        {
            var lane = sums + (i % VectorMath.SumLanes);
            TOps.Store(TOps.Add(TOps.Load(lane), TOps.Load(weights + i)), lane);
        }
    }

    /// <summary>
    /// scores[i] = scale * query · key[start + i] for two queries; each score one chain over the head's elements. Four vectors of keys go together, the first
    /// standing in for those past the end: what is written beyond count, up to the tile's end, means nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores<TOps, TVector>(
        in AttentionArguments arguments, float* query, float* query1, int* table, int kvHead, int start, int count, float* scores, float* scores1)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        nint stride = arguments.BlockSize;
        var headDim = arguments.HeadDim;
        var scale = TOps.Broadcast(arguments.Scale);
        for (var i = 0; i < count; i += 4 * TOps.Count)
        {
            // A vector never crosses a block, for block sizes are multiples of 16.
            int second = i + TOps.Count < count ? i + TOps.Count : i, third = i + (2 * TOps.Count) < count ? i + (2 * TOps.Count) : i;
            var fourth = i + (3 * TOps.Count) < count ? i + (3 * TOps.Count) : i;
            float* k0 = Key(in arguments, table, kvHead, start + i), k1 = Key(in arguments, table, kvHead, start + second);
            float* k2 = Key(in arguments, table, kvHead, start + third), k3 = Key(in arguments, table, kvHead, start + fourth);
            TVector s0 = TOps.Zero, s1 = TOps.Zero, s2 = TOps.Zero, s3 = TOps.Zero;
            TVector t0 = TOps.Zero, t1 = TOps.Zero, t2 = TOps.Zero, t3 = TOps.Zero;

            // The values of the same tokens are wanted next: a cache line of them for each line of keys.
            float* v0 = Value(in arguments, table, kvHead, start + i), v1 = Value(in arguments, table, kvHead, start + second);
            float* v2 = Value(in arguments, table, kvHead, start + third), v3 = Value(in arguments, table, kvHead, start + fourth);
            for (var d = 0; d < headDim; d++)
            {
                TVector q = TOps.Broadcast(query[d]), r = TOps.Broadcast(query1[d]);
                var key = TOps.Load(k0);
                s0 = TOps.MultiplyAdd(key, q, s0);
                t0 = TOps.MultiplyAdd(key, r, t0);
                key = TOps.Load(k1);
                s1 = TOps.MultiplyAdd(key, q, s1);
                t1 = TOps.MultiplyAdd(key, r, t1);
                key = TOps.Load(k2);
                s2 = TOps.MultiplyAdd(key, q, s2);
                t2 = TOps.MultiplyAdd(key, r, t2);
                key = TOps.Load(k3);
                s3 = TOps.MultiplyAdd(key, q, s3);
                t3 = TOps.MultiplyAdd(key, r, t3);
                if (Sse.IsSupported)
                {
                    var line = (nint)d * TOps.Count;
                    Sse.Prefetch0(v0 + line);
                    Sse.Prefetch0(v1 + line);
                    Sse.Prefetch0(v2 + line);
                    Sse.Prefetch0(v3 + line);
                }

                k0 += stride;
                k1 += stride;
                k2 += stride;
                k3 += stride;
            }

            Store4<TOps, TVector>(s0, s1, s2, s3, scale, scores + i);
            Store4<TOps, TVector>(t0, t1, t2, t3, scale, scores1 + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store4<TOps, TVector>(TVector s0, TVector s1, TVector s2, TVector s3, TVector scale, float* scores)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        TOps.Store(TOps.Multiply(s0, scale), scores);
        TOps.Store(TOps.Multiply(s1, scale), scores + TOps.Count);
        TOps.Store(TOps.Multiply(s2, scale), scores + (2 * TOps.Count));
        TOps.Store(TOps.Multiply(s3, scale), scores + (3 * TOps.Count));
    }

    /// <summary>output += sum of weights[i] * value[start + i], in the order of i, for two heads. Only valid slots are read: others may hold NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues<TOps, TVector>(
        in AttentionArguments arguments, float* weights, float* weights1, int* table, int kvHead, int start, int count, float* output, float* output1)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var headDim = arguments.ValueWidth;
        var d = 0;
        for (; d + (4 * TOps.Count) <= headDim; d += 4 * TOps.Count)
        {
            TVector o0 = TOps.Load(output + d), o1 = TOps.Load(output + d + TOps.Count);
            TVector o2 = TOps.Load(output + d + (2 * TOps.Count)), o3 = TOps.Load(output + d + (3 * TOps.Count));
            TVector p0 = TOps.Load(output1 + d), p1 = TOps.Load(output1 + d + TOps.Count);
            TVector p2 = TOps.Load(output1 + d + (2 * TOps.Count)), p3 = TOps.Load(output1 + d + (3 * TOps.Count));
            for (var i = 0; i < count; i += VectorMath.SumLanes)
            {
                var value = Value(in arguments, table, kvHead, start + i) + d;
                var end = Math.Min(VectorMath.SumLanes, count - i);
                for (var slot = 0; slot < end; slot++, value += headDim)
                {
                    TVector w = TOps.Broadcast(weights[i + slot]), x = TOps.Broadcast(weights1[i + slot]);
                    var v = TOps.Load(value);
                    o0 = TOps.MultiplyAdd(v, w, o0);
                    p0 = TOps.MultiplyAdd(v, x, p0);
                    v = TOps.Load(value + TOps.Count);
                    o1 = TOps.MultiplyAdd(v, w, o1);
                    p1 = TOps.MultiplyAdd(v, x, p1);
                    v = TOps.Load(value + (2 * TOps.Count));
                    o2 = TOps.MultiplyAdd(v, w, o2);
                    p2 = TOps.MultiplyAdd(v, x, p2);
                    v = TOps.Load(value + (3 * TOps.Count));
                    o3 = TOps.MultiplyAdd(v, w, o3);
                    p3 = TOps.MultiplyAdd(v, x, p3);
                }
            }

            TOps.Store(o0, output + d);
            TOps.Store(o1, output + d + TOps.Count);
            TOps.Store(o2, output + d + (2 * TOps.Count));
            TOps.Store(o3, output + d + (3 * TOps.Count));
            TOps.Store(p0, output1 + d);
            TOps.Store(p1, output1 + d + TOps.Count);
            TOps.Store(p2, output1 + d + (2 * TOps.Count));
            TOps.Store(p3, output1 + d + (3 * TOps.Count));
        }

        for (; d < headDim; d += TOps.Count)
        {
            TVector sum = TOps.Load(output + d), sum1 = TOps.Load(output1 + d);
            for (var i = 0; i < count; i++)
            {
                var v = TOps.Load(Value(in arguments, table, kvHead, start + i) + d);
                sum = TOps.MultiplyAdd(v, TOps.Broadcast(weights[i]), sum);
                sum1 = TOps.MultiplyAdd(v, TOps.Broadcast(weights1[i]), sum1);
            }

            TOps.Store(sum, output + d);
            TOps.Store(sum1, output1 + d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rescale<TOps, TVector>(float exponent, float* sums, float* output, int headDim)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var factor = VectorMath.Exp<TOps, TVector>(TOps.Broadcast(exponent));
        for (var i = 0; i < VectorMath.SumLanes; i += TOps.Count)
        {
            TOps.Store(TOps.Multiply(TOps.Load(sums + i), factor), sums + i);
        }

        for (var i = 0; i < headDim; i += TOps.Count)
        {
            TOps.Store(TOps.Multiply(TOps.Load(output + i), factor), output + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Max<TOps, TVector>(float* values, int count)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var lanes = stackalloc float[TOps.Count];
        var max = TOps.Load(values);
        for (var i = TOps.Count; i < count; i += TOps.Count)
        {
            max = TOps.Max(max, TOps.Load(values + i));
        }

        TOps.Store(max, lanes);
        var result = lanes[0];
        for (var i = 1; i < TOps.Count; i++)
        {
            result = lanes[i] > result ? lanes[i] : result;
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Key(in AttentionArguments arguments, int* table, int kvHead, int token)
    {
        var (index, slot) = Math.DivRem(token, arguments.BlockSize);
        var head = ((nint)table[index] * arguments.KVHeads) + kvHead;
        return arguments.Keys + (head * arguments.HeadDim * arguments.BlockSize) + slot;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Value(in AttentionArguments arguments, int* table, int kvHead, int token)
    {
        var (index, slot) = Math.DivRem(token, arguments.BlockSize);
        var head = ((nint)table[index] * arguments.KVHeads) + kvHead;
        return arguments.Values + (((head * arguments.BlockSize) + slot) * arguments.ValueWidth);
    }
}
