using System.Runtime.CompilerServices;
using System.Numerics.Tensors;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Log-probabilities of one row of logits.</summary>
internal static unsafe class LogSoftmax
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVector>(float* logits, int width, float* output)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var max = TensorPrimitives.Max(new ReadOnlySpan<float>(logits, width));
        var lanes = stackalloc float[VectorMath.SumLanes];
        var whole = width - (width % VectorMath.SumLanes);
        for (var lane = 0; lane < VectorMath.SumLanes; lane += TOps.Count)
        {
            var sum = TOps.Zero;
            for (var i = lane; i < whole; i += VectorMath.SumLanes)
            {
                sum = TOps.Add(sum, VectorMath.Exp<TOps, TVector>(TOps.Subtract(TOps.Load(logits + i), TOps.Broadcast(max))));
            }

            TOps.Store(sum, lanes + lane);
        }

        var one = stackalloc float[TOps.Count];
        for (var i = whole; i < width; i++)
        {
            TOps.Store(VectorMath.Exp<TOps, TVector>(TOps.Broadcast(logits[i] - max)), one);
            lanes[i - whole] += one[0];
        }

        var log = (float)Math.Log(VectorMath.ReduceSum(lanes));
        var rest = 0;
        for (; rest + TOps.Count <= width; rest += TOps.Count)
        {
            TOps.Store(TOps.Subtract(TOps.Subtract(TOps.Load(logits + rest), TOps.Broadcast(max)), TOps.Broadcast(log)), output + rest);
        }

        for (; rest < width; rest++)
        {
            output[rest] = logits[rest] - max - log;
        }
    }
}
