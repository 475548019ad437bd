using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Functions of vectors whose results do not depend on the vector's width.</summary>
internal static unsafe class VectorMath
{
    /// <summary>Sums are kept in this many lanes whatever the processor's width, so that their order is one and the same.</summary>
    public const int SumLanes = 16;

    private const float MinExponent = -87.3f;
    private const float MaxExponent = 88f;

    /// <summary>e^x within 2 units in the last place; x is clamped to where the result is a normal number; NaN stays NaN.</summary>
    /// <remarks>x = n ln 2 + r with |r| at most half of ln 2; Cephes' polynomial for e^r.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp<TOps, TVector>(TVector x)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        const float shift = 12582912f; // 1.5 * 2^23: adding it rounds to an integer that then lies in the low bits
        x = TOps.Min(TOps.Broadcast(MaxExponent), TOps.Max(TOps.Broadcast(MinExponent), x));
        var shifted = TOps.MultiplyAdd(x, TOps.Broadcast(1.44269504f), TOps.Broadcast(shift));
        var n = TOps.Subtract(shifted, TOps.Broadcast(shift));
        var r = TOps.MultiplyAdd(n, TOps.Broadcast(-0.693359375f), x);
        r = TOps.MultiplyAdd(n, TOps.Broadcast(2.12194440e-4f), r);
        var p = TOps.MultiplyAdd(TOps.Broadcast(1.9875691500e-4f), r, TOps.Broadcast(1.3981999507e-3f));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(8.3334519073e-3f));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(4.1665795894e-2f));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(1.6666665459e-1f));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(5.0000001201e-1f));
        p = TOps.MultiplyAdd(p, TOps.Multiply(r, r), TOps.Add(r, TOps.Broadcast(1f)));
        return TOps.Multiply(p, TOps.PowerOfTwo(shifted));
    }

    /// <summary>tanh x within some units in the last place, small x included; NaN stays NaN.</summary>
    /// <remarks>The odd rational approximation of degrees 13 and 6 that Eigen and XLA use; beyond the clamp it is 1 in float32.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh<TOps, TVector>(TVector x)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        x = TOps.Min(TOps.Broadcast(7.90531110763549805f), TOps.Max(TOps.Broadcast(-7.90531110763549805f), x));
        var square = TOps.Multiply(x, x);
        var p = TOps.MultiplyAdd(square, TOps.Broadcast(-2.76076847742355e-16f), TOps.Broadcast(2.00018790482477e-13f));
        p = TOps.MultiplyAdd(square, p, TOps.Broadcast(-8.60467152213735e-11f));
        p = TOps.MultiplyAdd(square, p, TOps.Broadcast(5.12229709037114e-08f));
        p = TOps.MultiplyAdd(square, p, TOps.Broadcast(1.48572235717979e-05f));
        p = TOps.MultiplyAdd(square, p, TOps.Broadcast(6.37261928875436e-04f));
        p = TOps.MultiplyAdd(square, p, TOps.Broadcast(4.89352455891786e-03f));
        var q = TOps.MultiplyAdd(square, TOps.Broadcast(1.19825839466702e-06f), TOps.Broadcast(1.18534705686654e-04f));
        q = TOps.MultiplyAdd(square, q, TOps.Broadcast(2.26843463243900e-03f));
        q = TOps.MultiplyAdd(square, q, TOps.Broadcast(4.89352518554385e-03f));
        return TOps.Divide(TOps.Multiply(x, p), q);
    }

    /// <summary>Sum of <see cref="SumLanes"/> lanes as a tree; destroys them.</summary>
    public static float ReduceSum(float* lanes)
    {
        for (var width = SumLanes / 2; width > 0; width /= 2)
        {
            for (var i = 0; i < width; i++)
            {
                lanes[i] += lanes[i + width];
            }
        }

        return lanes[0];
    }

    /// <summary>Sum of squares; element i is added to lane i mod 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float SumOfSquares<TOps, TVector>(float* x, int count)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var lanes = stackalloc float[SumLanes];
        var whole = count - (count % SumLanes);
        for (var lane = 0; lane < SumLanes; lane += TOps.Count)
        {
            var sum = TOps.Zero;
            for (var i = lane; i < whole; i += SumLanes)
            {
                var value = TOps.Load(x + i);
                sum = TOps.MultiplyAdd(value, value, sum);
            }

            TOps.Store(sum, lanes + lane);
        }

        for (var i = whole; i < count; i++)
        {
            lanes[i - whole] = MathF.FusedMultiplyAdd(x[i], x[i], lanes[i - whole]);
        }

        return ReduceSum(lanes);
    }
}
