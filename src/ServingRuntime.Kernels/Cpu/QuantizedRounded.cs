using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>The rounded product of <see cref="QuantizedKernels"/> in .NET's vectors: two vectors of outputs by one row or by four.</summary>
internal static unsafe class QuantizedRounded
{
    public const int TileRows = 4;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TQuantized, TInt, TOps, TVector, TBits>(
        QuantizedLinear weight, QuantizedRows x, float* y, int yStride, int tileBegin, int tileEnd, int panelBegin, int panelEnd)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TBits : struct, IQuantizedBits<TInt, TVector>
    {
        // A pair of vectors is two panels where one vector is a panel, else two neighbours in a panel.
        for (int output = panelBegin * QuantizedLinear.PanelWidth, end = panelEnd * QuantizedLinear.PanelWidth; output < end; output += 2 * TOps.Count)
        {
            var first = new QuantizedColumns(weight, output);
            var second = new QuantizedColumns(weight, Math.Min(output + TOps.Count, end - TOps.Count));
            for (var tile = tileBegin; tile < tileEnd; tile++)
            {
                var to = y + ((nint)tile * x.TileRows * yStride);
                if (x.RowsOf(tile) == TileRows)
                {
                    Tile4<TQuantized, TInt, TOps, TVector, TBits>(weight, first, second, x, tile, to, yStride);
                    continue;
                }

                for (var row = 0; row < x.RowsOf(tile); row++)
                {
                    Tile1<TQuantized, TInt, TOps, TVector, TBits>(weight, first, second, x, tile, row, to + (row * (nint)yStride));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1<TQuantized, TInt, TOps, TVector, TBits>(
        QuantizedLinear weight, QuantizedColumns first, QuantizedColumns second, QuantizedRows x, int tile, int row, float* y)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TBits : struct, IQuantizedBits<TInt, TVector>
    {
        var rows = x.RowsOf(tile);
        TVector a = TOps.Zero, b = TOps.Zero;
        byte* left = first.Values, right = second.Values;
        var words = (int*)x.Values(tile) + row;
        var scales = x.Scales(tile) + row;
        var corrections = x.Corrections(tile) + row;
        int steps = weight.BlockSize / TBits.StepInputs, stepWords = TBits.StepInputs / 4;
        for (var group = 0; group < weight.Groups; group++)
        {
            TVector innerA = TOps.Zero, innerB = TOps.Zero;
            for (var block = 0; block < weight.BlocksPerGroup; block++, scales += rows, corrections += rows)
            {
                TInt dotA = first.Start<TQuantized, TInt, TVector>(group, *corrections), dotB = second.Start<TQuantized, TInt, TVector>(group, *corrections);
                for (var step = 0; step < steps; step++, left += 64, right += 64, words += stepWords * rows)
                {
                    dotA = TBits.Dot(dotA, TQuantized.LoadValues(left), words, rows);
                    dotB = TBits.Dot(dotB, TQuantized.LoadValues(right), words, rows);
                }

                var scale = TOps.Broadcast(*scales);
                innerA = TOps.MultiplyAdd(TQuantized.ToFloat(dotA), scale, innerA);
                innerB = TOps.MultiplyAdd(TQuantized.ToFloat(dotB), scale, innerB);
            }

            var sum = weight.Parameters.Form == ZeroForm.Offsets ? x.GroupSums(tile)[(group * rows) + row] : 0;
            a = first.Finish<TQuantized, TInt, TOps, TVector>(group, innerA, a, sum);
            b = second.Finish<TQuantized, TInt, TOps, TVector>(group, innerB, b, sum);
        }

        Store<TOps, TVector>(weight, first, second, a, b, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4<TQuantized, TInt, TOps, TVector, TBits>(
        QuantizedLinear weight, QuantizedColumns first, QuantizedColumns second, QuantizedRows x, int tile, float* y, int yStride)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TBits : struct, IQuantizedBits<TInt, TVector>
    {
        TVector a0 = TOps.Zero, a1 = TOps.Zero, a2 = TOps.Zero, a3 = TOps.Zero, b0 = TOps.Zero, b1 = TOps.Zero, b2 = TOps.Zero, b3 = TOps.Zero;
        byte* left = first.Values, right = second.Values;
        var words = (int*)x.Values(tile);
        var scales = x.Scales(tile);
        var corrections = x.Corrections(tile);
        int steps = weight.BlockSize / TBits.StepInputs, stepWords = TBits.StepInputs / 4;
        for (var group = 0; group < weight.Groups; group++)
        {
            TVector c0 = TOps.Zero, c1 = TOps.Zero, c2 = TOps.Zero, c3 = TOps.Zero, d0 = TOps.Zero, d1 = TOps.Zero, d2 = TOps.Zero, d3 = TOps.Zero;
            for (var block = 0; block < weight.BlocksPerGroup; block++, scales += TileRows, corrections += TileRows)
            {
                TInt p0 = first.Start<TQuantized, TInt, TVector>(group, corrections[0]), q0 = second.Start<TQuantized, TInt, TVector>(group, corrections[0]);
                TInt p1 = first.Start<TQuantized, TInt, TVector>(group, corrections[1]), q1 = second.Start<TQuantized, TInt, TVector>(group, corrections[1]);
                TInt p2 = first.Start<TQuantized, TInt, TVector>(group, corrections[2]), q2 = second.Start<TQuantized, TInt, TVector>(group, corrections[2]);
                TInt p3 = first.Start<TQuantized, TInt, TVector>(group, corrections[3]), q3 = second.Start<TQuantized, TInt, TVector>(group, corrections[3]);
                for (var step = 0; step < steps; step++, left += 64, right += 64, words += stepWords * TileRows)
                {
                    TInt v = TQuantized.LoadValues(left), w = TQuantized.LoadValues(right);
                    p0 = TBits.Dot(p0, v, words, TileRows);
                    p1 = TBits.Dot(p1, v, words + 1, TileRows);
                    p2 = TBits.Dot(p2, v, words + 2, TileRows);
                    p3 = TBits.Dot(p3, v, words + 3, TileRows);
                    q0 = TBits.Dot(q0, w, words, TileRows);
                    q1 = TBits.Dot(q1, w, words + 1, TileRows);
                    q2 = TBits.Dot(q2, w, words + 2, TileRows);
                    q3 = TBits.Dot(q3, w, words + 3, TileRows);
                }

                Block<TQuantized, TInt, TOps, TVector>(p0, q0, scales[0], ref c0, ref d0);
                Block<TQuantized, TInt, TOps, TVector>(p1, q1, scales[1], ref c1, ref d1);
                Block<TQuantized, TInt, TOps, TVector>(p2, q2, scales[2], ref c2, ref d2);
                Block<TQuantized, TInt, TOps, TVector>(p3, q3, scales[3], ref c3, ref d3);
            }

            var sums = weight.Parameters.Form == ZeroForm.Offsets ? x.GroupSums(tile) + (group * TileRows) : scales;
            a0 = first.Finish<TQuantized, TInt, TOps, TVector>(group, c0, a0, sums[0]);
            b0 = second.Finish<TQuantized, TInt, TOps, TVector>(group, d0, b0, sums[0]);
            a1 = first.Finish<TQuantized, TInt, TOps, TVector>(group, c1, a1, sums[1]);
            b1 = second.Finish<TQuantized, TInt, TOps, TVector>(group, d1, b1, sums[1]);
            a2 = first.Finish<TQuantized, TInt, TOps, TVector>(group, c2, a2, sums[2]);
            b2 = second.Finish<TQuantized, TInt, TOps, TVector>(group, d2, b2, sums[2]);
            a3 = first.Finish<TQuantized, TInt, TOps, TVector>(group, c3, a3, sums[3]);
            b3 = second.Finish<TQuantized, TInt, TOps, TVector>(group, d3, b3, sums[3]);
        }

        Store<TOps, TVector>(weight, first, second, a0, b0, y);
        Store<TOps, TVector>(weight, first, second, a1, b1, y + yStride);
        Store<TOps, TVector>(weight, first, second, a2, b2, y + (2 * (nint)yStride));
        Store<TOps, TVector>(weight, first, second, a3, b3, y + (3 * (nint)yStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Block<TQuantized, TInt, TOps, TVector>(TInt dotA, TInt dotB, float scale, ref TVector innerA, ref TVector innerB)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var factor = TOps.Broadcast(scale);
        innerA = TOps.MultiplyAdd(TQuantized.ToFloat(dotA), factor, innerA);
        innerB = TOps.MultiplyAdd(TQuantized.ToFloat(dotB), factor, innerB);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TOps, TVector>(QuantizedLinear weight, QuantizedColumns first, QuantizedColumns second, TVector a, TVector b, float* y)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        QuantizedColumns.Store<TOps, TVector>(weight, first.Output, a, y);
        QuantizedColumns.Store<TOps, TVector>(weight, second.Output, b, y);
    }
}
