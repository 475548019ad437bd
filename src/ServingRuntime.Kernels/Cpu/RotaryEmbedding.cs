using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Rotation of the heads of one token by its position.</summary>
internal static unsafe class RotaryEmbedding
{
    /// <param name="x">heads * headDim values, rotated in place.</param>
    /// <param name="cosSin">rotaryDim / 2 cosines, then as many sines.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVector>(float* x, int heads, int headDim, float* cosSin, int rotaryDim)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var half = rotaryDim / 2;
        var sin = cosSin + half;
        for (var head = 0; head < heads; head++, x += headDim)
        {
            var i = 0;
            for (; i + TOps.Count <= half; i += TOps.Count)
            {
                TVector first = TOps.Load(x + i), second = TOps.Load(x + half + i);
                TVector c = TOps.Load(cosSin + i), s = TOps.Load(sin + i);
                TOps.Store(TOps.Subtract(TOps.Multiply(first, c), TOps.Multiply(second, s)), x + i);
                TOps.Store(TOps.Add(TOps.Multiply(second, c), TOps.Multiply(first, s)), x + half + i);
            }

            for (; i < half; i++)
            {
                float first = x[i], second = x[half + i];
                x[i] = (first * cosSin[i]) - (second * sin[i]);
                x[half + i] = (second * cosSin[i]) + (first * sin[i]);
            }
        }
    }

    /// <summary>The same for neighbours 2i and 2i + 1.</summary>
    public static void RunInterleaved(float* x, int heads, int headDim, float* cosSin, int rotaryDim)
    {
        var half = rotaryDim / 2;
        for (var head = 0; head < heads; head++, x += headDim)
        {
            for (var i = 0; i < half; i++)
            {
                float first = x[2 * i], second = x[(2 * i) + 1], cos = cosSin[i], sin = cosSin[half + i];
                x[2 * i] = (first * cos) - (second * sin);
                x[(2 * i) + 1] = (second * cos) + (first * sin);
            }
        }
    }
}
