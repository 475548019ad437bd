using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// y = x · weightᵀ over packed whole numbers. A weight is value · scale - offset, rounded once; every output is one chain of fused multiply-adds
/// over k = 0, 1, 2, …, then the bias. The order depends on nothing else, neither on the number of rows nor on tiles, threads or vector width.
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
            TVector scale0 = TOps.Load(parameters), scale1 = TOps.Load(parameters + TOps.Count);
            TVector offset0 = TOps.Load(parameters + (2 * TOps.Count)), offset1 = TOps.Load(parameters + (3 * TOps.Count));
            for (var end = Math.Min(k + weight.GroupSize, weight.InFeatures); k < end; k += 2, pair += weight.PairBytes)
            {
                Weights<TOps, TVector, TFormat>(pair, 0, scale0, offset0, out var even0, out var odd0);
                Weights<TOps, TVector, TFormat>(pair, 1, scale1, offset1, out var even1, out var odd1);
                Gemm.Step<TOps, TVector>(x + k, even0, even1, odd0, odd1, ref a, ref b);
            }
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
            TVector scale0 = TOps.Load(parameters), scale1 = TOps.Load(parameters + TOps.Count);
            TVector offset0 = TOps.Load(parameters + (2 * TOps.Count)), offset1 = TOps.Load(parameters + (3 * TOps.Count));
            for (var end = Math.Min(k + weight.GroupSize, weight.InFeatures); k < end; k += 2, pair += weight.PairBytes)
            {
                Weights<TOps, TVector, TFormat>(pair, 0, scale0, offset0, out var even0, out var odd0);
                Weights<TOps, TVector, TFormat>(pair, 1, scale1, offset1, out var even1, out var odd1);
                Gemm.Step<TOps, TVector>(x0 + k, even0, even1, odd0, odd1, ref a0, ref b0);
                Gemm.Step<TOps, TVector>(x1 + k, even0, even1, odd0, odd1, ref a1, ref b1);
                Gemm.Step<TOps, TVector>(x2 + k, even0, even1, odd0, odd1, ref a2, ref b2);
                Gemm.Step<TOps, TVector>(x3 + k, even0, even1, odd0, odd1, ref a3, ref b3);
            }
        }

        Store<TOps, TVector>(weight, p, a0, b0, y);
        Store<TOps, TVector>(weight, p, a1, b1, y + yStride);
        Store<TOps, TVector>(weight, p, a2, b2, y + (2 * (nint)yStride));
        Store<TOps, TVector>(weight, p, a3, b3, y + (3 * (nint)yStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Weights<TOps, TVector, TFormat>(byte* pair, int vector, TVector scale, TVector negativeOffset, out TVector even, out TVector odd)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IQuantizedFormat<TOps, TVector>
    {
        TFormat.LoadPair(pair, vector, out even, out odd);
        even = TOps.MultiplyAdd(even, scale, negativeOffset);
        odd = TOps.MultiplyAdd(odd, scale, negativeOffset);
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
