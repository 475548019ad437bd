using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Root-mean-square norm of a row, with the residual sum fused in.</summary>
internal static unsafe class RmsNorm
{
    /// <param name="residual">Where not null: residual += x, and the norm is of the sum.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVector>(float* x, float* residual, float* weight, int width, float epsilon, float* output)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var source = x;
        if (residual is not null)
        {
            Add<TOps, TVector>(x, residual, width);
            source = residual;
        }

        var mean = VectorMath.SumOfSquares<TOps, TVector>(source, width) / width;
        var scale = 1f / MathF.Sqrt(mean + epsilon);
        var i = 0;
        for (; i + TOps.Count <= width; i += TOps.Count)
        {
            var scaled = TOps.Multiply(TOps.Load(source + i), TOps.Broadcast(scale));
            TOps.Store(TOps.Multiply(scaled, TOps.Load(weight + i)), output + i);
        }

        for (; i < width; i++)
        {
            output[i] = source[i] * scale * weight[i];
        }
    }

    private static void Add<TOps, TVector>(float* x, float* residual, int width)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var i = 0;
        for (; i + TOps.Count <= width; i += TOps.Count)
        {
            TOps.Store(TOps.Add(TOps.Load(residual + i), TOps.Load(x + i)), residual + i);
        }

        for (; i < width; i++)
        {
            residual[i] += x[i];
        }
    }
}
