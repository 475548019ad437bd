using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// y = x · weightᵀ over packed whole numbers. Every output is, group by group, a chain of fused multiply-adds of x and (value - zero) over k, whose sum times the
/// group's scale is added to the output; then the bias. The order depends on nothing else, neither on the number of rows nor on tiles, threads or vector width.
/// </summary>
internal static unsafe class QuantizedGemm
{
    /// <summary>Rows [rowBegin, rowEnd) by panels [panelBegin, panelEnd).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVector, TFormat>(
        QuantizedLinear weight, float* x, int xStride, float* y, int yStride, int rowBegin, int rowEnd, int panelBegin, int panelEnd)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IQuantizedFormat<TOps, TVector>
    {
        for (var p = panelBegin; p < panelEnd; p++)
        {
            var row = rowBegin;
            for (; row + 4 <= rowEnd; row += 4)
            {
                Tile4<TOps, TVector, TFormat>(weight, p, x + (row * (nint)xStride), xStride, y + (row * (nint)yStride), yStride);
            }

            for (; row < rowEnd; row++)
            {
                Tile1<TOps, TVector, TFormat>(weight, p, x + (row * (nint)xStride), y + (row * (nint)yStride));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1<TOps, TVector, TFormat>(QuantizedLinear weight, int p, float* x, float* y)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IQuantizedFormat<TOps, TVector>
    {
        TVector a = TOps.Zero, b = TOps.Zero;
        var pair = weight.Panel(p);
        for (int group = 0, k = 0; group < weight.Groups; group++)
        {
            var parameters = weight.Group(p, group);
            TVector zero0 = TOps.Load(parameters), zero1 = TOps.Load(parameters + TOps.Count);
            TVector c = TOps.Zero, d = TOps.Zero;
            for (var end = Math.Min(k + weight.GroupSize, weight.InFeatures); k < end; k += 2, pair += weight.PairBytes)
            {
                TVector even = TOps.Broadcast(x[k]), odd = TOps.Broadcast(x[k + 1]);
                TFormat.LoadPair(pair, 0, out var even0, out var odd0);
                TFormat.LoadPair(pair, 1, out var even1, out var odd1);
                c = TOps.MultiplyAdd(odd, TOps.Subtract(odd0, zero0), TOps.MultiplyAdd(even, TOps.Subtract(even0, zero0), c));
                d = TOps.MultiplyAdd(odd, TOps.Subtract(odd1, zero1), TOps.MultiplyAdd(even, TOps.Subtract(even1, zero1), d));
            }

            a = TOps.MultiplyAdd(c, TOps.Load(parameters + (2 * TOps.Count)), a);
            b = TOps.MultiplyAdd(d, TOps.Load(parameters + (3 * TOps.Count)), b);
        }

        Store<TOps, TVector>(weight, p, a, b, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4<TOps, TVector, TFormat>(QuantizedLinear weight, int p, float* x0, int xStride, float* y, int yStride)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IQuantizedFormat<TOps, TVector>
    {
        TVector a0 = TOps.Zero, a1 = TOps.Zero, a2 = TOps.Zero, a3 = TOps.Zero, b0 = TOps.Zero, b1 = TOps.Zero, b2 = TOps.Zero, b3 = TOps.Zero;
        float* x1 = x0 + xStride, x2 = x1 + xStride, x3 = x2 + xStride;
        var pair = weight.Panel(p);
        for (int group = 0, k = 0; group < weight.Groups; group++)
        {
            var parameters = weight.Group(p, group);
            TVector zero0 = TOps.Load(parameters), zero1 = TOps.Load(parameters + TOps.Count);
            TVector c0 = TOps.Zero, c1 = TOps.Zero, c2 = TOps.Zero, c3 = TOps.Zero, d0 = TOps.Zero, d1 = TOps.Zero, d2 = TOps.Zero, d3 = TOps.Zero;
            for (var end = Math.Min(k + weight.GroupSize, weight.InFeatures); k < end; k += 2, pair += weight.PairBytes)
            {
                TFormat.LoadPair(pair, 0, out var even0, out var odd0);
                TFormat.LoadPair(pair, 1, out var even1, out var odd1);
                (even0, odd0) = (TOps.Subtract(even0, zero0), TOps.Subtract(odd0, zero0));
                (even1, odd1) = (TOps.Subtract(even1, zero1), TOps.Subtract(odd1, zero1));
                Gemm.Step<TOps, TVector>(x0 + k, even0, even1, odd0, odd1, ref c0, ref d0);
                Gemm.Step<TOps, TVector>(x1 + k, even0, even1, odd0, odd1, ref c1, ref d1);
                Gemm.Step<TOps, TVector>(x2 + k, even0, even1, odd0, odd1, ref c2, ref d2);
                Gemm.Step<TOps, TVector>(x3 + k, even0, even1, odd0, odd1, ref c3, ref d3);
            }

            TVector scale0 = TOps.Load(parameters + (2 * TOps.Count)), scale1 = TOps.Load(parameters + (3 * TOps.Count));
            (a0, b0) = (TOps.MultiplyAdd(c0, scale0, a0), TOps.MultiplyAdd(d0, scale1, b0));
            (a1, b1) = (TOps.MultiplyAdd(c1, scale0, a1), TOps.MultiplyAdd(d1, scale1, b1));
            (a2, b2) = (TOps.MultiplyAdd(c2, scale0, a2), TOps.MultiplyAdd(d2, scale1, b2));
            (a3, b3) = (TOps.MultiplyAdd(c3, scale0, a3), TOps.MultiplyAdd(d3, scale1, b3));
        }

        Store<TOps, TVector>(weight, p, a0, b0, y);
        Store<TOps, TVector>(weight, p, a1, b1, y + yStride);
        Store<TOps, TVector>(weight, p, a2, b2, y + (2 * (nint)yStride));
        Store<TOps, TVector>(weight, p, a3, b3, y + (3 * (nint)yStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TOps, TVector>(QuantizedLinear weight, int p, TVector a, TVector b, float* y)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var first = p * weight.PanelWidth;
        Gemm.StoreRow<TOps, TVector>(a, b, y + first, Math.Min(weight.PanelWidth, weight.OutFeatures - first), weight.Bias is null ? null : weight.Bias + first);
    }
}
