using System.Runtime.CompilerServices;

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

    /// <summary>[block][head][slot][headDim].</summary>
    public float* Values;

    public int* QueryStarts;
    public int* SequenceLengths;
    public int* BlockTables;
    public int BlockTableStride;
    public int Sequences;
    public int Heads;
    public int KVHeads;
    public int HeadDim;
    public int BlockSize;
    public float Scale;
}

/// <summary>
/// Online softmax over tiles of 64 keys, counted from the sequence's first token. A query's arithmetic depends on its position and on what the
/// tiles hold, never on which block a tile lies in or which chunk the query came with; so chunking, caching and preemption change no bit.
/// </summary>
internal static unsafe class PagedAttention
{
    private const int Tile = 64;

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

                    for (var head = kvHead * group; head < (kvHead + 1) * group; head++)
                    {
                        var query = arguments.Queries + ((nint)token * arguments.QueryStride) + (head * arguments.HeadDim);
                        var output = arguments.Output + ((nint)token * arguments.OutputStride) + (head * arguments.HeadDim);
                        Attend<TOps, TVector>(in arguments, query, table, kvHead, position + (token - begin) + 1, output);
                    }
                }
            }
        }
    }

    /// <summary>One query head over <paramref name="length"/> keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Attend<TOps, TVector>(in AttentionArguments arguments, float* query, int* table, int kvHead, int length, float* output)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var weights = stackalloc float[Tile];
        var sums = stackalloc float[VectorMath.SumLanes];
        new Span<float>(sums, VectorMath.SumLanes).Clear();
        new Span<float>(output, arguments.HeadDim).Clear();
        var max = float.NegativeInfinity;
        for (var start = 0; start < length; start += Tile)
        {
            var count = Math.Min(Tile, length - start);
            Scores<TOps, TVector>(in arguments, query, table, kvHead, start, count, weights);
            var padded = (count + VectorMath.SumLanes - 1) / VectorMath.SumLanes * VectorMath.SumLanes;
            new Span<float>(weights + count, padded - count).Fill(float.NegativeInfinity);
            var tileMax = Max<TOps, TVector>(weights, padded);
            if (tileMax > max)
            {
                if (start > 0)
                {
                    Rescale<TOps, TVector>(max - tileMax, sums, output, arguments.HeadDim);
                }

                max = tileMax;
            }

            for (var i = 0; i < padded; i += TOps.Count)
            {
                TOps.Store(VectorMath.Exp<TOps, TVector>(TOps.Subtract(TOps.Load(weights + i), TOps.Broadcast(max))), weights + i);
            }

            new Span<float>(weights + count, padded - count).Clear();
            for (var i = 0; i < padded; i += TOps.Count)
            {
                var lane = sums + (i % VectorMath.SumLanes);
                TOps.Store(TOps.Add(TOps.Load(lane), TOps.Load(weights + i)), lane);
            }

            AddValues<TOps, TVector>(in arguments, weights, table, kvHead, start, count, output);
        }

        var inverse = TOps.Broadcast(1f / VectorMath.ReduceSum(sums));
        for (var i = 0; i < arguments.HeadDim; i += TOps.Count)
        {
            TOps.Store(TOps.Multiply(TOps.Load(output + i), inverse), output + i);
        }
    }

    /// <summary>scores[i] = scale * query · key[start + i]; each one chain over the head's elements. Writes up to a whole vector past count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores<TOps, TVector>(
        in AttentionArguments arguments, float* query, int* table, int kvHead, int start, int count, float* scores)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        nint stride = arguments.BlockSize;
        var headDim = arguments.HeadDim;
        var scale = TOps.Broadcast(arguments.Scale);
        var i = 0;

        // A vector never crosses a block, for block sizes are multiples of 16.
        for (; i + (3 * TOps.Count) < count; i += 4 * TOps.Count)
        {
            float* k0 = Key(in arguments, table, kvHead, start + i), k1 = Key(in arguments, table, kvHead, start + i + TOps.Count);
            float* k2 = Key(in arguments, table, kvHead, start + i + (2 * TOps.Count)), k3 = Key(in arguments, table, kvHead, start + i + (3 * TOps.Count));
            TVector s0 = TOps.Zero, s1 = TOps.Zero, s2 = TOps.Zero, s3 = TOps.Zero;
            nint offset = 0;
            for (var d = 0; d < headDim; d++, offset += stride)
            {
                var q = TOps.Broadcast(query[d]);
                s0 = TOps.MultiplyAdd(q, TOps.Load(k0 + offset), s0);
                s1 = TOps.MultiplyAdd(q, TOps.Load(k1 + offset), s1);
                s2 = TOps.MultiplyAdd(q, TOps.Load(k2 + offset), s2);
                s3 = TOps.MultiplyAdd(q, TOps.Load(k3 + offset), s3);
            }

            TOps.Store(TOps.Multiply(s0, scale), scores + i);
            TOps.Store(TOps.Multiply(s1, scale), scores + i + TOps.Count);
            TOps.Store(TOps.Multiply(s2, scale), scores + i + (2 * TOps.Count));
            TOps.Store(TOps.Multiply(s3, scale), scores + i + (3 * TOps.Count));
        }

        for (; i < count; i += TOps.Count)
        {
            var key = Key(in arguments, table, kvHead, start + i);
            var sum = TOps.Zero;
            nint offset = 0;
            for (var d = 0; d < headDim; d++, offset += stride)
            {
                sum = TOps.MultiplyAdd(TOps.Broadcast(query[d]), TOps.Load(key + offset), sum);
            }

            TOps.Store(TOps.Multiply(sum, scale), scores + i);
        }
    }

    /// <summary>output += sum of weights[i] * value[start + i], in the order of i. Only valid slots are read: others may hold NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues<TOps, TVector>(
        in AttentionArguments arguments, float* weights, int* table, int kvHead, int start, int count, float* output)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var headDim = arguments.HeadDim;
        var d = 0;
        for (; d + (4 * TOps.Count) <= headDim; d += 4 * TOps.Count)
        {
            TVector o0 = TOps.Load(output + d), o1 = TOps.Load(output + d + TOps.Count);
            TVector o2 = TOps.Load(output + d + (2 * TOps.Count)), o3 = TOps.Load(output + d + (3 * TOps.Count));
            for (var i = 0; i < count; i += VectorMath.SumLanes)
            {
                var value = Value(in arguments, table, kvHead, start + i) + d;
                var end = Math.Min(VectorMath.SumLanes, count - i);
                for (var slot = 0; slot < end; slot++, value += headDim)
                {
                    var weight = TOps.Broadcast(weights[i + slot]);
                    o0 = TOps.MultiplyAdd(weight, TOps.Load(value), o0);
                    o1 = TOps.MultiplyAdd(weight, TOps.Load(value + TOps.Count), o1);
                    o2 = TOps.MultiplyAdd(weight, TOps.Load(value + (2 * TOps.Count)), o2);
                    o3 = TOps.MultiplyAdd(weight, TOps.Load(value + (3 * TOps.Count)), o3);
                }
            }

            TOps.Store(o0, output + d);
            TOps.Store(o1, output + d + TOps.Count);
            TOps.Store(o2, output + d + (2 * TOps.Count));
            TOps.Store(o3, output + d + (3 * TOps.Count));
        }

        for (; d < headDim; d += TOps.Count)
        {
            var sum = TOps.Load(output + d);
            for (var i = 0; i < count; i++)
            {
                sum = TOps.MultiplyAdd(TOps.Broadcast(weights[i]), TOps.Load(Value(in arguments, table, kvHead, start + i) + d), sum);
            }

            TOps.Store(sum, output + d);
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
        return arguments.Values + (((head * arguments.BlockSize) + slot) * arguments.HeadDim);
    }
}
