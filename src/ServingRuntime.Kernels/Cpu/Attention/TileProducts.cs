using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>The two products of attention for four queries at a time, so that each vector of keys or values that is read serves four multiply-adds. No sum's order depends on the others.</summary>
internal static unsafe class TileProducts
{
    /// <summary>scores[r][i] = factors[i] * query r · key i, for four queries and 4 vectors of keys; each score is one chain over the head's elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores4<TOps, TVector>(
        float* q0, float* q1, float* q2, float* q3, int headDim, float* keys, float* factors, float* scores, Fetch fetch)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        TVector a0 = TOps.Zero, a1 = TOps.Zero, a2 = TOps.Zero, a3 = TOps.Zero;
        TVector b0 = TOps.Zero, b1 = TOps.Zero, b2 = TOps.Zero, b3 = TOps.Zero;
        TVector c0 = TOps.Zero, c1 = TOps.Zero, c2 = TOps.Zero, c3 = TOps.Zero;
        TVector e0 = TOps.Zero, e1 = TOps.Zero, e2 = TOps.Zero, e3 = TOps.Zero;
        for (var d = 0; d < headDim; d++, keys += AttentionTile.Keys)
        {
            fetch.Round(d);
            TVector k0 = TOps.Load(keys), k1 = TOps.Load(keys + TOps.Count), k2 = TOps.Load(keys + (2 * TOps.Count)), k3 = TOps.Load(keys + (3 * TOps.Count));
            var q = TOps.Broadcast(q0[d]);
            a0 = TOps.MultiplyAdd(k0, q, a0);
            a1 = TOps.MultiplyAdd(k1, q, a1);
            a2 = TOps.MultiplyAdd(k2, q, a2);
            a3 = TOps.MultiplyAdd(k3, q, a3);
            q = TOps.Broadcast(q1[d]);
            b0 = TOps.MultiplyAdd(k0, q, b0);
            b1 = TOps.MultiplyAdd(k1, q, b1);
            b2 = TOps.MultiplyAdd(k2, q, b2);
            b3 = TOps.MultiplyAdd(k3, q, b3);
            q = TOps.Broadcast(q2[d]);
            c0 = TOps.MultiplyAdd(k0, q, c0);
            c1 = TOps.MultiplyAdd(k1, q, c1);
            c2 = TOps.MultiplyAdd(k2, q, c2);
            c3 = TOps.MultiplyAdd(k3, q, c3);
            q = TOps.Broadcast(q3[d]);
            e0 = TOps.MultiplyAdd(k0, q, e0);
            e1 = TOps.MultiplyAdd(k1, q, e1);
            e2 = TOps.MultiplyAdd(k2, q, e2);
            e3 = TOps.MultiplyAdd(k3, q, e3);
        }

        Scale<TOps, TVector>(a0, b0, c0, e0, factors, scores);
        Scale<TOps, TVector>(a1, b1, c1, e1, factors + TOps.Count, scores + TOps.Count);
        Scale<TOps, TVector>(a2, b2, c2, e2, factors + (2 * TOps.Count), scores + (2 * TOps.Count));
        Scale<TOps, TVector>(a3, b3, c3, e3, factors + (3 * TOps.Count), scores + (3 * TOps.Count));
    }

    /// <summary>scores[r][i] = factors[i] * query r · key i, for four queries and 2 vectors of keys; each score is one chain over the head's elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores2<TOps, TVector>(
        float* q0, float* q1, float* q2, float* q3, int headDim, float* keys, float* factors, float* scores, Fetch fetch)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        TVector a0 = TOps.Zero, a1 = TOps.Zero;
        TVector b0 = TOps.Zero, b1 = TOps.Zero;
        TVector c0 = TOps.Zero, c1 = TOps.Zero;
        TVector e0 = TOps.Zero, e1 = TOps.Zero;
        for (var d = 0; d < headDim; d++, keys += AttentionTile.Keys)
        {
            fetch.Round(d);
            TVector k0 = TOps.Load(keys), k1 = TOps.Load(keys + TOps.Count);
            var q = TOps.Broadcast(q0[d]);
            a0 = TOps.MultiplyAdd(k0, q, a0);
            a1 = TOps.MultiplyAdd(k1, q, a1);
            q = TOps.Broadcast(q1[d]);
            b0 = TOps.MultiplyAdd(k0, q, b0);
            b1 = TOps.MultiplyAdd(k1, q, b1);
            q = TOps.Broadcast(q2[d]);
            c0 = TOps.MultiplyAdd(k0, q, c0);
            c1 = TOps.MultiplyAdd(k1, q, c1);
            q = TOps.Broadcast(q3[d]);
            e0 = TOps.MultiplyAdd(k0, q, e0);
            e1 = TOps.MultiplyAdd(k1, q, e1);
        }

        Scale<TOps, TVector>(a0, b0, c0, e0, factors, scores);
        Scale<TOps, TVector>(a1, b1, c1, e1, factors + TOps.Count, scores + TOps.Count);
    }

    /// <summary>output[r] += sum of weights[r][i] * values[i], in the order of i, for four queries.</summary>
    /// <param name="weights">[4][64].</param>
    /// <param name="values">[count][width].</param>
    /// <param name="stride">From one query's output to the next.</param>
    public static void AddValues<TOps, TVector>(float* weights, int count, float* values, int width, float* output, int stride, Fetch fetch)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var d = 0;
        if (TOps.Count == 16)
        {
            for (; d + (4 * TOps.Count) <= width; d += 4 * TOps.Count)
            {
                AddValues4<TOps, TVector>(weights, count, values + d, width, output + d, stride, fetch);
                fetch = fetch.NextLine;
            }
        }

        for (; d + (2 * TOps.Count) <= width; d += 2 * TOps.Count)
        {
            AddValues2<TOps, TVector>(weights, count, values + d, width, output + d, stride, fetch);
            fetch = fetch.NextLine;
        }

        if (d < width)
        {
            AddValues1<TOps, TVector>(weights, count, values + d, width, output + d, stride, fetch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues4<TOps, TVector>(float* weights, int count, float* values, int width, float* output, int stride, Fetch fetch)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        float* output1 = output + stride, output2 = output1 + stride, output3 = output2 + stride;
        TVector a0 = TOps.Load(output), a1 = TOps.Load(output + TOps.Count), a2 = TOps.Load(output + (2 * TOps.Count)), a3 = TOps.Load(output + (3 * TOps.Count));
        TVector b0 = TOps.Load(output1), b1 = TOps.Load(output1 + TOps.Count), b2 = TOps.Load(output1 + (2 * TOps.Count)), b3 = TOps.Load(output1 + (3 * TOps.Count));
        TVector c0 = TOps.Load(output2), c1 = TOps.Load(output2 + TOps.Count), c2 = TOps.Load(output2 + (2 * TOps.Count)), c3 = TOps.Load(output2 + (3 * TOps.Count));
        TVector e0 = TOps.Load(output3), e1 = TOps.Load(output3 + TOps.Count), e2 = TOps.Load(output3 + (2 * TOps.Count)), e3 = TOps.Load(output3 + (3 * TOps.Count));
        for (var i = 0; i < count; i++, values += width)
        {
            fetch.Round(i);
            TVector v0 = TOps.Load(values), v1 = TOps.Load(values + TOps.Count), v2 = TOps.Load(values + (2 * TOps.Count)), v3 = TOps.Load(values + (3 * TOps.Count));
            var w = TOps.Broadcast(weights[i]);
            a0 = TOps.MultiplyAdd(v0, w, a0);
            a1 = TOps.MultiplyAdd(v1, w, a1);
            a2 = TOps.MultiplyAdd(v2, w, a2);
            a3 = TOps.MultiplyAdd(v3, w, a3);
            w = TOps.Broadcast(weights[AttentionTile.Keys + i]);
            b0 = TOps.MultiplyAdd(v0, w, b0);
            b1 = TOps.MultiplyAdd(v1, w, b1);
            b2 = TOps.MultiplyAdd(v2, w, b2);
            b3 = TOps.MultiplyAdd(v3, w, b3);
            w = TOps.Broadcast(weights[(2 * AttentionTile.Keys) + i]);
            c0 = TOps.MultiplyAdd(v0, w, c0);
            c1 = TOps.MultiplyAdd(v1, w, c1);
            c2 = TOps.MultiplyAdd(v2, w, c2);
            c3 = TOps.MultiplyAdd(v3, w, c3);
            w = TOps.Broadcast(weights[(3 * AttentionTile.Keys) + i]);
            e0 = TOps.MultiplyAdd(v0, w, e0);
            e1 = TOps.MultiplyAdd(v1, w, e1);
            e2 = TOps.MultiplyAdd(v2, w, e2);
            e3 = TOps.MultiplyAdd(v3, w, e3);
        }

        TOps.Store(a0, output);
        TOps.Store(a1, output + TOps.Count);
        TOps.Store(a2, output + (2 * TOps.Count));
        TOps.Store(a3, output + (3 * TOps.Count));
        TOps.Store(b0, output1);
        TOps.Store(b1, output1 + TOps.Count);
        TOps.Store(b2, output1 + (2 * TOps.Count));
        TOps.Store(b3, output1 + (3 * TOps.Count));
        TOps.Store(c0, output2);
        TOps.Store(c1, output2 + TOps.Count);
        TOps.Store(c2, output2 + (2 * TOps.Count));
        TOps.Store(c3, output2 + (3 * TOps.Count));
        TOps.Store(e0, output3);
        TOps.Store(e1, output3 + TOps.Count);
        TOps.Store(e2, output3 + (2 * TOps.Count));
        TOps.Store(e3, output3 + (3 * TOps.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues2<TOps, TVector>(float* weights, int count, float* values, int width, float* output, int stride, Fetch fetch)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        float* output1 = output + stride, output2 = output1 + stride, output3 = output2 + stride;
        TVector a0 = TOps.Load(output), a1 = TOps.Load(output + TOps.Count);
        TVector b0 = TOps.Load(output1), b1 = TOps.Load(output1 + TOps.Count);
        TVector c0 = TOps.Load(output2), c1 = TOps.Load(output2 + TOps.Count);
        TVector e0 = TOps.Load(output3), e1 = TOps.Load(output3 + TOps.Count);
        for (var i = 0; i < count; i++, values += width)
        {
            fetch.Round(i);
            TVector v0 = TOps.Load(values), v1 = TOps.Load(values + TOps.Count);
            var w = TOps.Broadcast(weights[i]);
            a0 = TOps.MultiplyAdd(v0, w, a0);
            a1 = TOps.MultiplyAdd(v1, w, a1);
            w = TOps.Broadcast(weights[AttentionTile.Keys + i]);
            b0 = TOps.MultiplyAdd(v0, w, b0);
            b1 = TOps.MultiplyAdd(v1, w, b1);
            w = TOps.Broadcast(weights[(2 * AttentionTile.Keys) + i]);
            c0 = TOps.MultiplyAdd(v0, w, c0);
            c1 = TOps.MultiplyAdd(v1, w, c1);
            w = TOps.Broadcast(weights[(3 * AttentionTile.Keys) + i]);
            e0 = TOps.MultiplyAdd(v0, w, e0);
            e1 = TOps.MultiplyAdd(v1, w, e1);
        }

        TOps.Store(a0, output);
        TOps.Store(a1, output + TOps.Count);
        TOps.Store(b0, output1);
        TOps.Store(b1, output1 + TOps.Count);
        TOps.Store(c0, output2);
        TOps.Store(c1, output2 + TOps.Count);
        TOps.Store(e0, output3);
        TOps.Store(e1, output3 + TOps.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddValues1<TOps, TVector>(float* weights, int count, float* values, int width, float* output, int stride, Fetch fetch)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        float* output1 = output + stride, output2 = output1 + stride, output3 = output2 + stride;
        TVector a0 = TOps.Load(output);
        TVector b0 = TOps.Load(output1);
        TVector c0 = TOps.Load(output2);
        TVector e0 = TOps.Load(output3);
        for (var i = 0; i < count; i++, values += width)
        {
            fetch.Round(i);
            TVector v0 = TOps.Load(values);
            var w = TOps.Broadcast(weights[i]);
            a0 = TOps.MultiplyAdd(v0, w, a0);
            w = TOps.Broadcast(weights[AttentionTile.Keys + i]);
            b0 = TOps.MultiplyAdd(v0, w, b0);
            w = TOps.Broadcast(weights[(2 * AttentionTile.Keys) + i]);
            c0 = TOps.MultiplyAdd(v0, w, c0);
            w = TOps.Broadcast(weights[(3 * AttentionTile.Keys) + i]);
            e0 = TOps.MultiplyAdd(v0, w, e0);
        }

        TOps.Store(a0, output);
        TOps.Store(b0, output1);
        TOps.Store(c0, output2);
        TOps.Store(e0, output3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale<TOps, TVector>(TVector s0, TVector s1, TVector s2, TVector s3, float* factors, float* scores)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var factor = TOps.Load(factors);
        TOps.Store(TOps.Multiply(s0, factor), scores);
        TOps.Store(TOps.Multiply(s1, factor), scores + AttentionTile.Keys);
        TOps.Store(TOps.Multiply(s2, factor), scores + (2 * AttentionTile.Keys));
        TOps.Store(TOps.Multiply(s3, factor), scores + (3 * AttentionTile.Keys));
    }
}
