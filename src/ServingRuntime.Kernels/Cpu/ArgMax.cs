using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>The largest of a row, in one pass over memory: by blocks that a first-level cache holds, of which only those with a new largest value are looked into.</summary>
internal static unsafe class ArgMax
{
    /// <summary>Elements that one piece of work looks at; rows are wider.</summary>
    public const int Piece = 16384;

    private const int Block = 2048;

    /// <returns>Index of the largest of [begin, end), the lowest among equals; -1 where there is a NaN.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Run<TOps, TVector>(float* row, int begin, int end)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        int best = begin;
        for (var block = begin; block < end; block += Block)
        {
            var count = Math.Min(Block, end - block);
            var max = Max<TOps, TVector>(row + block, count, out var regular);
            if (!regular && new ReadOnlySpan<float>(row + block, count).ContainsAnyNaN())
            {
                return -1;
            }

            if (max > row[best] || (block == begin && max == row[best]))
            {
                best = block + IndexOf(row + block, count, max);
            }
        }

        return best;
    }

    /// <param name="regular">Nothing is NaN or infinite.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Max<TOps, TVector>(float* x, int count, out bool regular)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        // A product with 0 is 0 but for what is infinite or no number.
        TVector m0 = TOps.Broadcast(float.NegativeInfinity), m1 = m0, m2 = m0, m3 = m0, z0 = TOps.Zero, z1 = z0, z2 = z0, z3 = z0;
        var i = 0;
        for (; i + (4 * TOps.Count) <= count; i += 4 * TOps.Count)
        {
            TVector x0 = TOps.Load(x + i), x1 = TOps.Load(x + i + TOps.Count), x2 = TOps.Load(x + i + (2 * TOps.Count)), x3 = TOps.Load(x + i + (3 * TOps.Count));
            (m0, m1, m2, m3) = (TOps.Max(x0, m0), TOps.Max(x1, m1), TOps.Max(x2, m2), TOps.Max(x3, m3));
            z0 = TOps.MultiplyAdd(x0, TOps.Zero, z0);
            z1 = TOps.MultiplyAdd(x1, TOps.Zero, z1);
            z2 = TOps.MultiplyAdd(x2, TOps.Zero, z2);
            z3 = TOps.MultiplyAdd(x3, TOps.Zero, z3);
        }

        var zeros = stackalloc float[TOps.Count];
        TOps.Store(TOps.Add(TOps.Add(z0, z1), TOps.Add(z2, z3)), zeros);
        var sum = 0f;
        for (var lane = 0; lane < TOps.Count; lane++)
        {
            sum += zeros[lane];
        }

        var max = TOps.MaxLane(TOps.Max(TOps.Max(m0, m1), TOps.Max(m2, m3)));
        for (; i < count; i++)
        {
            sum += x[i] * 0;
            max = x[i] > max ? x[i] : max;
        }

        regular = sum == 0;
        return max;
    }

    private static int IndexOf(float* x, int count, float value)
    {
        var index = new ReadOnlySpan<float>(x, count).IndexOf(value);
        return Math.Max(index, 0);
    }

    private static bool ContainsAnyNaN(this ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (float.IsNaN(value))
            {
                return true;
            }
        }

        return false;
    }
}
