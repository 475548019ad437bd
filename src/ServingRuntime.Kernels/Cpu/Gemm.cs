using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// y = x · weightᵀ over packed panels. Every output is one chain of fused multiply-adds over k = 0, 1, 2, …, then the bias: the order depends on
/// nothing else, neither on the number of rows nor on tiles, threads, vector width or the weight's format.
/// </summary>
internal static unsafe class Gemm
{
    // Rows that pass over all panels before the next ones do, so that they stay in the second-level cache.
    private const int RowBlock = 96;

    /// <summary>Rows [rowBegin, rowEnd) by panels [panelBegin, panelEnd).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVector, TFormat>(
        PackedLinear weight, float* x, int xStride, float* y, int yStride, int rowBegin, int rowEnd, int panelBegin, int panelEnd)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        if (rowEnd - rowBegin == 1)
        {
            RunVector<TOps, TVector, TFormat>(weight, x + (rowBegin * (nint)xStride), y + (rowBegin * (nint)yStride), panelBegin, panelEnd);
            return;
        }

        var width = weight.PanelWidth;
        for (var blockBegin = rowBegin; blockBegin < rowEnd; blockBegin += RowBlock)
        {
            var blockEnd = Math.Min(blockBegin + RowBlock, rowEnd);
            for (var p = panelBegin; p < panelEnd; p++)
            {
                var panel = weight.Panel(p);
                var bias = weight.Bias is null ? null : weight.Bias + (p * width);
                var valid = Math.Min(width, weight.OutFeatures - (p * width));
                var row = blockBegin;
                while (row < blockEnd)
                {
                    var from = x + (row * (nint)xStride);
                    var to = y + (row * (nint)yStride) + (p * width);
                    var left = blockEnd - row;

                    // Eight rows need 16 sums, which only AVX-512 has the registers for.
                    if (left >= 8 && TOps.Count == 16)
                    {
                        Tile8<TOps, TVector, TFormat>(from, xStride, panel, weight.InFeatures, to, yStride, valid, bias);
                        row += 8;
                    }
                    else if (left >= 4)
                    {
                        Tile4<TOps, TVector, TFormat>(from, xStride, panel, weight.InFeatures, to, yStride, valid, bias);
                        row += 4;
                    }
                    else if (left >= 2)
                    {
                        Tile2<TOps, TVector, TFormat>(from, xStride, panel, weight.InFeatures, to, yStride, valid, bias);
                        row += 2;
                    }
                    else
                    {
                        Tile1<TOps, TVector, TFormat>(from, xStride, panel, weight.InFeatures, to, yStride, valid, bias);
                        row++;
                    }
                }
            }
        }
    }

    /// <summary>One row: four panels at once, since two sums alone would wait for each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunVector<TOps, TVector, TFormat>(PackedLinear weight, float* x, float* y, int panelBegin, int panelEnd)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        var width = weight.PanelWidth;
        var p = panelBegin;
        for (; p + 4 <= panelEnd; p += 4)
        {
            Panels4<TOps, TVector, TFormat>(weight, x, y, p);
        }

        for (; p < panelEnd; p++)
        {
            var bias = weight.Bias is null ? null : weight.Bias + (p * width);
            Tile1<TOps, TVector, TFormat>(x, 0, weight.Panel(p), weight.InFeatures, y + (p * width), 0, Math.Min(width, weight.OutFeatures - (p * width)), bias);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panels4<TOps, TVector, TFormat>(PackedLinear weight, float* x, float* y, int p)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        TVector a0 = TOps.Zero, a1 = TOps.Zero, a2 = TOps.Zero, a3 = TOps.Zero;
        TVector b0 = TOps.Zero, b1 = TOps.Zero, b2 = TOps.Zero, b3 = TOps.Zero;
        var inFeatures = weight.InFeatures;
        byte* p0 = weight.Panel(p), p1 = weight.Panel(p + 1), p2 = weight.Panel(p + 2), p3 = weight.Panel(p + 3);
        nint offset = 0;
        var k = 0;
        for (; k + 1 < inFeatures; k += 2)
        {
            TVector even = TOps.Broadcast(x[k]), odd = TOps.Broadcast(x[k + 1]);
            PairStep<TOps, TVector, TFormat>(p0 + offset, even, odd, ref a0, ref b0);
            PairStep<TOps, TVector, TFormat>(p1 + offset, even, odd, ref a1, ref b1);
            PairStep<TOps, TVector, TFormat>(p2 + offset, even, odd, ref a2, ref b2);
            PairStep<TOps, TVector, TFormat>(p3 + offset, even, odd, ref a3, ref b3);
            offset += TFormat.PairBytes;
        }

        if (k < inFeatures)
        {
            var even = TOps.Broadcast(x[k]);
            LastStep<TOps, TVector, TFormat>(p0 + offset, even, ref a0, ref b0);
            LastStep<TOps, TVector, TFormat>(p1 + offset, even, ref a1, ref b1);
            LastStep<TOps, TVector, TFormat>(p2 + offset, even, ref a2, ref b2);
            LastStep<TOps, TVector, TFormat>(p3 + offset, even, ref a3, ref b3);
        }

        var width = weight.PanelWidth;
        y += p * width;
        var bias = weight.Bias is null ? null : weight.Bias + (p * width);
        StoreRow<TOps, TVector>(a0, b0, y, width, bias);
        StoreRow<TOps, TVector>(a1, b1, y + width, width, bias is null ? null : bias + width);
        StoreRow<TOps, TVector>(a2, b2, y + (2 * width), width, bias is null ? null : bias + (2 * width));
        StoreRow<TOps, TVector>(a3, b3, y + (3 * width), Math.Min(width, weight.OutFeatures - ((p + 3) * width)), bias is null ? null : bias + (3 * width));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PairStep<TOps, TVector, TFormat>(byte* pair, TVector xEven, TVector xOdd, ref TVector a, ref TVector b)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        TFormat.LoadPair(pair, 0, out var even0, out var odd0);
        TFormat.LoadPair(pair, 1, out var even1, out var odd1);
        a = TOps.MultiplyAdd(xOdd, odd0, TOps.MultiplyAdd(xEven, even0, a));
        b = TOps.MultiplyAdd(xOdd, odd1, TOps.MultiplyAdd(xEven, even1, b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LastStep<TOps, TVector, TFormat>(byte* pair, TVector xEven, ref TVector a, ref TVector b)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        TFormat.LoadPair(pair, 0, out var even0, out _);
        TFormat.LoadPair(pair, 1, out var even1, out _);
        a = TOps.MultiplyAdd(xEven, even0, a);
        b = TOps.MultiplyAdd(xEven, even1, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Step<TOps, TVector>(float* x, TVector even0, TVector even1, TVector odd0, TVector odd1, ref TVector a, ref TVector b)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        TVector even = TOps.Broadcast(x[0]), odd = TOps.Broadcast(x[1]);
        a = TOps.MultiplyAdd(odd, odd0, TOps.MultiplyAdd(even, even0, a));
        b = TOps.MultiplyAdd(odd, odd1, TOps.MultiplyAdd(even, even1, b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TOps, TVector>(float* x, TVector even0, TVector even1, ref TVector a, ref TVector b)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var even = TOps.Broadcast(x[0]);
        a = TOps.MultiplyAdd(even, even0, a);
        b = TOps.MultiplyAdd(even, even1, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreRow<TOps, TVector>(TVector a, TVector b, float* y, int valid, float* bias)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        if (bias is not null)
        {
            a = TOps.Add(a, TOps.Load(bias));
            b = TOps.Add(b, TOps.Load(bias + TOps.Count));
        }

        if (valid >= 2 * TOps.Count)
        {
            TOps.Store(a, y);
            TOps.Store(b, y + TOps.Count);
        }
        else
        {
            StorePart<TOps, TVector>(a, b, y, valid);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StorePart<TOps, TVector>(TVector a, TVector b, float* y, int valid)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var row = stackalloc float[2 * TOps.Count];
        TOps.Store(a, row);
        TOps.Store(b, row + TOps.Count);
        new ReadOnlySpan<float>(row, valid).CopyTo(new Span<float>(y, valid));
    }

    /// <summary>1 rows by one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1<TOps, TVector, TFormat>(float* x, int xStride, byte* panel, int inFeatures, float* y, int yStride, int valid, float* bias)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        TVector a0 = TOps.Zero, b0 = TOps.Zero;
        nint k = 0;
        for (; k + 1 < inFeatures; k += 2)
        {
            TFormat.LoadPair(panel, 0, out var even0, out var odd0);
            TFormat.LoadPair(panel, 1, out var even1, out var odd1);
            panel += TFormat.PairBytes;
            Step<TOps, TVector>(x + k, even0, even1, odd0, odd1, ref a0, ref b0);
        }

        if (k < inFeatures)
        {
            TFormat.LoadPair(panel, 0, out var even0, out _);
            TFormat.LoadPair(panel, 1, out var even1, out _);
            Step<TOps, TVector>(x + k, even0, even1, ref a0, ref b0);
        }

        StoreRow<TOps, TVector>(a0, b0, y, valid, bias);
    }

    /// <summary>2 rows by one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2<TOps, TVector, TFormat>(float* x, int xStride, byte* panel, int inFeatures, float* y, int yStride, int valid, float* bias)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        TVector a0 = TOps.Zero, b0 = TOps.Zero;
        TVector a1 = TOps.Zero, b1 = TOps.Zero;
        var x1 = x + (1 * (nint)xStride);
        nint k = 0;
        for (; k + 1 < inFeatures; k += 2)
        {
            TFormat.LoadPair(panel, 0, out var even0, out var odd0);
            TFormat.LoadPair(panel, 1, out var even1, out var odd1);
            panel += TFormat.PairBytes;
            Step<TOps, TVector>(x + k, even0, even1, odd0, odd1, ref a0, ref b0);
            Step<TOps, TVector>(x1 + k, even0, even1, odd0, odd1, ref a1, ref b1);
        }

        if (k < inFeatures)
        {
            TFormat.LoadPair(panel, 0, out var even0, out _);
            TFormat.LoadPair(panel, 1, out var even1, out _);
            Step<TOps, TVector>(x + k, even0, even1, ref a0, ref b0);
            Step<TOps, TVector>(x1 + k, even0, even1, ref a1, ref b1);
        }

        StoreRow<TOps, TVector>(a0, b0, y, valid, bias);
        StoreRow<TOps, TVector>(a1, b1, y + (1 * (nint)yStride), valid, bias);
    }

    /// <summary>4 rows by one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4<TOps, TVector, TFormat>(float* x, int xStride, byte* panel, int inFeatures, float* y, int yStride, int valid, float* bias)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        TVector a0 = TOps.Zero, b0 = TOps.Zero;
        TVector a1 = TOps.Zero, b1 = TOps.Zero;
        TVector a2 = TOps.Zero, b2 = TOps.Zero;
        TVector a3 = TOps.Zero, b3 = TOps.Zero;
        var x1 = x + (1 * (nint)xStride);
        var x2 = x + (2 * (nint)xStride);
        var x3 = x + (3 * (nint)xStride);
        nint k = 0;
        for (; k + 1 < inFeatures; k += 2)
        {
            TFormat.LoadPair(panel, 0, out var even0, out var odd0);
            TFormat.LoadPair(panel, 1, out var even1, out var odd1);
            panel += TFormat.PairBytes;
            Step<TOps, TVector>(x + k, even0, even1, odd0, odd1, ref a0, ref b0);
            Step<TOps, TVector>(x1 + k, even0, even1, odd0, odd1, ref a1, ref b1);
            Step<TOps, TVector>(x2 + k, even0, even1, odd0, odd1, ref a2, ref b2);
            Step<TOps, TVector>(x3 + k, even0, even1, odd0, odd1, ref a3, ref b3);
        }

        if (k < inFeatures)
        {
            TFormat.LoadPair(panel, 0, out var even0, out _);
            TFormat.LoadPair(panel, 1, out var even1, out _);
            Step<TOps, TVector>(x + k, even0, even1, ref a0, ref b0);
            Step<TOps, TVector>(x1 + k, even0, even1, ref a1, ref b1);
            Step<TOps, TVector>(x2 + k, even0, even1, ref a2, ref b2);
            Step<TOps, TVector>(x3 + k, even0, even1, ref a3, ref b3);
        }

        StoreRow<TOps, TVector>(a0, b0, y, valid, bias);
        StoreRow<TOps, TVector>(a1, b1, y + (1 * (nint)yStride), valid, bias);
        StoreRow<TOps, TVector>(a2, b2, y + (2 * (nint)yStride), valid, bias);
        StoreRow<TOps, TVector>(a3, b3, y + (3 * (nint)yStride), valid, bias);
    }

    /// <summary>8 rows by one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8<TOps, TVector, TFormat>(float* x, int xStride, byte* panel, int inFeatures, float* y, int yStride, int valid, float* bias)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IPanelFormat<TOps, TVector>
    {
        TVector a0 = TOps.Zero, b0 = TOps.Zero;
        TVector a1 = TOps.Zero, b1 = TOps.Zero;
        TVector a2 = TOps.Zero, b2 = TOps.Zero;
        TVector a3 = TOps.Zero, b3 = TOps.Zero;
        TVector a4 = TOps.Zero, b4 = TOps.Zero;
        TVector a5 = TOps.Zero, b5 = TOps.Zero;
        TVector a6 = TOps.Zero, b6 = TOps.Zero;
        TVector a7 = TOps.Zero, b7 = TOps.Zero;
        var x1 = x + (1 * (nint)xStride);
        var x2 = x + (2 * (nint)xStride);
        var x3 = x + (3 * (nint)xStride);
        var x4 = x + (4 * (nint)xStride);
        var x5 = x + (5 * (nint)xStride);
        var x6 = x + (6 * (nint)xStride);
        var x7 = x + (7 * (nint)xStride);
        nint k = 0;
        for (; k + 1 < inFeatures; k += 2)
        {
            TFormat.LoadPair(panel, 0, out var even0, out var odd0);
            TFormat.LoadPair(panel, 1, out var even1, out var odd1);
            panel += TFormat.PairBytes;
            Step<TOps, TVector>(x + k, even0, even1, odd0, odd1, ref a0, ref b0);
            Step<TOps, TVector>(x1 + k, even0, even1, odd0, odd1, ref a1, ref b1);
            Step<TOps, TVector>(x2 + k, even0, even1, odd0, odd1, ref a2, ref b2);
            Step<TOps, TVector>(x3 + k, even0, even1, odd0, odd1, ref a3, ref b3);
            Step<TOps, TVector>(x4 + k, even0, even1, odd0, odd1, ref a4, ref b4);
            Step<TOps, TVector>(x5 + k, even0, even1, odd0, odd1, ref a5, ref b5);
            Step<TOps, TVector>(x6 + k, even0, even1, odd0, odd1, ref a6, ref b6);
            Step<TOps, TVector>(x7 + k, even0, even1, odd0, odd1, ref a7, ref b7);
        }

        if (k < inFeatures)
        {
            TFormat.LoadPair(panel, 0, out var even0, out _);
            TFormat.LoadPair(panel, 1, out var even1, out _);
            Step<TOps, TVector>(x + k, even0, even1, ref a0, ref b0);
            Step<TOps, TVector>(x1 + k, even0, even1, ref a1, ref b1);
            Step<TOps, TVector>(x2 + k, even0, even1, ref a2, ref b2);
            Step<TOps, TVector>(x3 + k, even0, even1, ref a3, ref b3);
            Step<TOps, TVector>(x4 + k, even0, even1, ref a4, ref b4);
            Step<TOps, TVector>(x5 + k, even0, even1, ref a5, ref b5);
            Step<TOps, TVector>(x6 + k, even0, even1, ref a6, ref b6);
            Step<TOps, TVector>(x7 + k, even0, even1, ref a7, ref b7);
        }

        StoreRow<TOps, TVector>(a0, b0, y, valid, bias);
        StoreRow<TOps, TVector>(a1, b1, y + (1 * (nint)yStride), valid, bias);
        StoreRow<TOps, TVector>(a2, b2, y + (2 * (nint)yStride), valid, bias);
        StoreRow<TOps, TVector>(a3, b3, y + (3 * (nint)yStride), valid, bias);
        StoreRow<TOps, TVector>(a4, b4, y + (4 * (nint)yStride), valid, bias);
        StoreRow<TOps, TVector>(a5, b5, y + (5 * (nint)yStride), valid, bias);
        StoreRow<TOps, TVector>(a6, b6, y + (6 * (nint)yStride), valid, bias);
        StoreRow<TOps, TVector>(a7, b7, y + (7 * (nint)yStride), valid, bias);
    }
}
