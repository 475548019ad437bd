using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// The exact product of <see cref="QuantizedKernels"/>. Few rows: weights are widened in registers. Many: a stretch of inputs of two vectors of outputs is widened
/// once into the first-level cache and all rows pass over it. The chain of sums is the same.
/// </summary>
internal static unsafe class QuantizedExact
{
    // Widened at once: 32 KiB for the widest vectors.
    private const int StretchInputs = 256;

    // Rows whose sums wait between two stretches.
    private const int RowBlock = 64;
    private const int FewRows = 3;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Run<TQuantized, TInt, TOps, TVector, TBits>(
        QuantizedLinear weight, float* x, int xStride, float* y, int yStride, int rowBegin, int rowEnd, int panelBegin, int panelEnd)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TBits : struct, IQuantizedBits<TInt, TVector>
    {
        var widened = stackalloc float[(StretchInputs * 2 * TOps.Count) + 16];
        widened = (float*)(((nuint)widened + 63) & ~(nuint)63);
        var sums = stackalloc float[RowBlock * 2 * TOps.Count];
        for (int output = panelBegin * QuantizedLinear.PanelWidth, end = panelEnd * QuantizedLinear.PanelWidth; output < end; output += 2 * TOps.Count)
        {
            var first = new QuantizedColumns(weight, output);
            var second = new QuantizedColumns(weight, Math.Min(output + TOps.Count, end - TOps.Count));
            if (rowEnd - rowBegin <= FewRows)
            {
                for (var row = rowBegin; row < rowEnd; row++)
                {
                    One<TQuantized, TInt, TOps, TVector, TBits>(weight, first, second, x + (row * (nint)xStride), y + (row * (nint)yStride));
                }

                continue;
            }

            for (var row = rowBegin; row < rowEnd; row += RowBlock)
            {
                var count = Math.Min(RowBlock, rowEnd - row);
                new Span<float>(sums, count * 2 * TOps.Count).Clear();
                var blocks = StretchInputs / weight.BlockSize;
                for (var block = 0; block < weight.Blocks; block += blocks)
                {
                    var blockEnd = Math.Min(block + blocks, weight.Blocks);
                    Widen<TQuantized, TInt, TOps, TVector, TBits>(weight, first, block, blockEnd, widened);
                    Widen<TQuantized, TInt, TOps, TVector, TBits>(weight, second, block, blockEnd, widened + TOps.Count);
                    Rows<TOps, TVector>(
                        widened, (blockEnd - block) * weight.BlockSize, x + (row * (nint)xStride) + (block * weight.BlockSize), xStride, sums, count);
                }

                for (var i = 0; i < count; i++)
                {
                    var from = sums + (i * 2 * TOps.Count);
                    var to = y + ((row + i) * (nint)yStride);
                    QuantizedColumns.Store<TOps, TVector>(weight, first.Output, TOps.Load(from), to);
                    QuantizedColumns.Store<TOps, TVector>(weight, second.Output, TOps.Load(from + TOps.Count), to);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TQuantized, TInt, TOps, TVector, TBits>(QuantizedLinear weight, QuantizedColumns first, QuantizedColumns second, float* x, float* y)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TBits : struct, IQuantizedBits<TInt, TVector>
    {
        TVector a = TOps.Zero, b = TOps.Zero;
        byte* left = first.Values, right = second.Values;
        for (int group = 0, steps = weight.BlocksPerGroup * weight.BlockSize / TBits.StepInputs; group < weight.Groups; group++)
        {
            TVector scaleA = first.Scale<TOps, TVector>(group), scaleB = second.Scale<TOps, TVector>(group);
            var offsetA = TOps.Subtract(TOps.Zero, first.Offset<TQuantized, TInt, TOps, TVector>(group, scaleA));
            var offsetB = TOps.Subtract(TOps.Zero, second.Offset<TQuantized, TInt, TOps, TVector>(group, scaleB));
            for (var step = 0; step < steps; step++, left += 64, right += 64, x += TBits.StepInputs)
            {
                TInt v = TQuantized.LoadValues(left), w = TQuantized.LoadValues(right);
                for (var i = 0; i < TBits.StepInputs; i++)
                {
                    var input = TOps.Broadcast(x[i]);
                    a = TOps.MultiplyAdd(input, Value<TQuantized, TInt, TOps, TVector, TBits>(v, i, scaleA, offsetA), a);
                    b = TOps.MultiplyAdd(input, Value<TQuantized, TInt, TOps, TVector, TBits>(w, i, scaleB, offsetB), b);
                }
            }
        }

        QuantizedColumns.Store<TOps, TVector>(weight, first.Output, a, y);
        QuantizedColumns.Store<TOps, TVector>(weight, second.Output, b, y);
    }

    /// <summary>Weights of blocks [block, blockEnd), each input's two vectors apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen<TQuantized, TInt, TOps, TVector, TBits>(QuantizedLinear weight, QuantizedColumns columns, int block, int blockEnd, float* to)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TBits : struct, IQuantizedBits<TInt, TVector>
    {
        var values = columns.Values + ((nint)block * (weight.BlockSize / TBits.StepInputs) * 64);
        for (; block < blockEnd; block++)
        {
            var scale = columns.Scale<TOps, TVector>(block / weight.BlocksPerGroup);
            var offset = TOps.Subtract(TOps.Zero, columns.Offset<TQuantized, TInt, TOps, TVector>(block / weight.BlocksPerGroup, scale));
            for (var step = 0; step < weight.BlockSize / TBits.StepInputs; step++, values += 64)
            {
                var all = TQuantized.LoadValues(values);
                for (var i = 0; i < TBits.StepInputs; i++, to += 2 * TOps.Count)
                {
                    TOps.Store(Value<TQuantized, TInt, TOps, TVector, TBits>(all, i, scale, offset), to);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Value<TQuantized, TInt, TOps, TVector, TBits>(TInt values, int input, TVector scale, TVector offset)
        where TQuantized : struct, IQuantizedOps<TInt, TVector>
        where TInt : struct
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TBits : struct, IQuantizedBits<TInt, TVector> =>
        TOps.MultiplyAdd(TQuantized.ToFloat(TQuantized.And(TQuantized.ShiftRight(values, TBits.Shift(input)), TQuantized.BroadcastInt(TBits.Mask))), scale, offset);

    /// <summary>sums [count][2 vectors] += x · widened, going on with each sum's chain.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<TOps, TVector>(float* widened, int inputs, float* x, int xStride, float* sums, int count)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var row = 0;
        if (TOps.Count == 16)
        {
            for (; row + 8 <= count; row += 8)
            {
                Rows8<TOps, TVector>(widened, inputs, x + (row * (nint)xStride), xStride, sums + (row * 2 * TOps.Count));
            }
        }

        for (; row + 4 <= count; row += 4)
        {
            Rows4<TOps, TVector>(widened, inputs, x + (row * (nint)xStride), xStride, sums + (row * 2 * TOps.Count));
        }

        for (; row < count; row++)
        {
            var from = x + (row * (nint)xStride);
            var sum = sums + (row * 2 * TOps.Count);
            TVector a = TOps.Load(sum), b = TOps.Load(sum + TOps.Count);
            for (nint k = 0; k < inputs; k++)
            {
                Step<TOps, TVector>(from + k, TOps.Load(widened + (k * 2 * TOps.Count)), TOps.Load(widened + (((k * 2) + 1) * TOps.Count)), ref a, ref b);
            }

            TOps.Store(a, sum);
            TOps.Store(b, sum + TOps.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows4<TOps, TVector>(float* widened, int inputs, float* x0, int xStride, float* sums)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        float* x1 = x0 + xStride, x2 = x1 + xStride, x3 = x2 + xStride;
        TVector a0 = TOps.Load(sums), a1 = TOps.Load(sums + (2 * TOps.Count)), a2 = TOps.Load(sums + (4 * TOps.Count)), a3 = TOps.Load(sums + (6 * TOps.Count));
        TVector b0 = TOps.Load(sums + TOps.Count), b1 = TOps.Load(sums + (3 * TOps.Count)), b2 = TOps.Load(sums + (5 * TOps.Count)), b3 = TOps.Load(sums + (7 * TOps.Count));
        for (nint k = 0; k < inputs; k++, widened += 2 * TOps.Count)
        {
            TVector v = TOps.Load(widened), w = TOps.Load(widened + TOps.Count);
            Step<TOps, TVector>(x0 + k, v, w, ref a0, ref b0);
            Step<TOps, TVector>(x1 + k, v, w, ref a1, ref b1);
            Step<TOps, TVector>(x2 + k, v, w, ref a2, ref b2);
            Step<TOps, TVector>(x3 + k, v, w, ref a3, ref b3);
        }

        Store<TOps, TVector>(a0, b0, sums);
        Store<TOps, TVector>(a1, b1, sums + (2 * TOps.Count));
        Store<TOps, TVector>(a2, b2, sums + (4 * TOps.Count));
        Store<TOps, TVector>(a3, b3, sums + (6 * TOps.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows8<TOps, TVector>(float* widened, int inputs, float* x0, int xStride, float* sums)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        float* x1 = x0 + xStride, x2 = x1 + xStride, x3 = x2 + xStride, x4 = x3 + xStride, x5 = x4 + xStride, x6 = x5 + xStride, x7 = x6 + xStride;
        TVector a0 = TOps.Load(sums), a1 = TOps.Load(sums + (2 * TOps.Count)), a2 = TOps.Load(sums + (4 * TOps.Count)), a3 = TOps.Load(sums + (6 * TOps.Count));
        TVector a4 = TOps.Load(sums + (8 * TOps.Count)), a5 = TOps.Load(sums + (10 * TOps.Count)), a6 = TOps.Load(sums + (12 * TOps.Count)), a7 = TOps.Load(sums + (14 * TOps.Count));
        TVector b0 = TOps.Load(sums + TOps.Count), b1 = TOps.Load(sums + (3 * TOps.Count)), b2 = TOps.Load(sums + (5 * TOps.Count)), b3 = TOps.Load(sums + (7 * TOps.Count));
        TVector b4 = TOps.Load(sums + (9 * TOps.Count)), b5 = TOps.Load(sums + (11 * TOps.Count)), b6 = TOps.Load(sums + (13 * TOps.Count)), b7 = TOps.Load(sums + (15 * TOps.Count));
        for (nint k = 0; k < inputs; k++, widened += 2 * TOps.Count)
        {
            TVector v = TOps.Load(widened), w = TOps.Load(widened + TOps.Count);
            Step<TOps, TVector>(x0 + k, v, w, ref a0, ref b0);
            Step<TOps, TVector>(x1 + k, v, w, ref a1, ref b1);
            Step<TOps, TVector>(x2 + k, v, w, ref a2, ref b2);
            Step<TOps, TVector>(x3 + k, v, w, ref a3, ref b3);
            Step<TOps, TVector>(x4 + k, v, w, ref a4, ref b4);
            Step<TOps, TVector>(x5 + k, v, w, ref a5, ref b5);
            Step<TOps, TVector>(x6 + k, v, w, ref a6, ref b6);
            Step<TOps, TVector>(x7 + k, v, w, ref a7, ref b7);
        }

        Store<TOps, TVector>(a0, b0, sums);
        Store<TOps, TVector>(a1, b1, sums + (2 * TOps.Count));
        Store<TOps, TVector>(a2, b2, sums + (4 * TOps.Count));
        Store<TOps, TVector>(a3, b3, sums + (6 * TOps.Count));
        Store<TOps, TVector>(a4, b4, sums + (8 * TOps.Count));
        Store<TOps, TVector>(a5, b5, sums + (10 * TOps.Count));
        Store<TOps, TVector>(a6, b6, sums + (12 * TOps.Count));
        Store<TOps, TVector>(a7, b7, sums + (14 * TOps.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TOps, TVector>(float* x, TVector v, TVector w, ref TVector a, ref TVector b)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var input = TOps.Broadcast(*x);
        a = TOps.MultiplyAdd(input, v, a);
        b = TOps.MultiplyAdd(input, w, b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TOps, TVector>(TVector a, TVector b, float* sums)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        TOps.Store(a, sums);
        TOps.Store(b, sums + TOps.Count);
    }
}
