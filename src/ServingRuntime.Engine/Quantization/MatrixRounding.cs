using System.Numerics.Tensors;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>
/// Rounds matrices, and searches for each output and group how much of the range to clip: by the error of the group's products with what the layer gets, or, where that is not known, by the error
/// of the weights. (AWQ's search of clips, by second moments instead of samples.)
/// </summary>
internal sealed class MatrixRounding(int groupSize, ParallelOptions parallel)
{
    private static ReadOnlySpan<float> Keeps => [1f, 0.95f, 0.9f, 0.85f, 0.8f, 0.75f, 0.7f, 0.65f, 0.6f, 0.55f, 0.5f];

    /// <summary>A clip has to lower the error by this much: a moment of few samples is none of all texts.</summary>
    private const double Gain = 0.99;

    /// <param name="weights">[outputs, inputs].</param>
    /// <param name="moments">For each group [groupSize, groupSize] sums of products of inputs; null: none.</param>
    /// <param name="clipFrom">The first output that may be clipped.</param>
    public PackedMatrix Round(float[] weights, int inputs, float[][]? moments, int clipFrom)
    {
        int outputs = weights.Length / inputs, groups = inputs / groupSize;
        var result = new PackedMatrix(new byte[weights.Length], new byte[groups * outputs], new Half[groups * outputs]);
        Parallel.For(0, outputs, parallel, () => new float[3 * groupSize], (n, _, scratch) =>
        {
            Span<float> steps = scratch.AsSpan(0, groupSize), rest = scratch.AsSpan(groupSize, groupSize), products = scratch.AsSpan(2 * groupSize);
            for (var g = 0; g < groups; g++)
            {
                var group = weights.AsSpan((n * inputs) + (g * groupSize), groupSize);
                var keep = n < clipFrom ? 1f : BestKeep(group, moments?[g], steps, rest, products);
                var (scale, zero) = GroupRounding.Round(group, keep, steps);
                result.Scales[(g * outputs) + n] = scale;
                result.Zeros[(g * outputs) + n] = zero;
                for (var k = 0; k < groupSize; k++)
                {
                    result.Numbers[((long)((g * groupSize) + k) * outputs) + n] = (byte)(steps[k] + zero);
                }
            }

            return scratch;
        }, _ => { });
        return result;
    }

    /// <summary>Stops where the error has grown twice: it has one valley but for noise.</summary>
    private static float BestKeep(ReadOnlySpan<float> group, float[]? moment, Span<float> steps, Span<float> rest, Span<float> products)
    {
        var (best, least, last, worse) = (1f, double.MaxValue, double.MaxValue, 0);
        foreach (var keep in Keeps)
        {
            var (scale, _) = GroupRounding.Round(group, keep, steps);
            TensorPrimitives.MultiplyAdd(steps, -(float)scale, group, rest);
            var error = moment is null ? TensorPrimitives.SumOfSquares(rest) : Quadratic(rest, moment, products);
            if (error < least * (keep == 1f ? 1 : Gain))
            {
                (best, least) = (keep, error);
            }

            worse = error > last ? worse + 1 : 0;
            last = error;
            if (worse == 2)
            {
                break;
            }
        }

        return best;
    }

    /// <summary>eᵀ · moment · e.</summary>
    private static double Quadratic(ReadOnlySpan<float> e, float[] moment, Span<float> products)
    {
        for (var i = 0; i < e.Length; i++)
        {
            products[i] = TensorPrimitives.Dot(e, moment.AsSpan(i * e.Length, e.Length));
        }

        return TensorPrimitives.Dot(e, products);
    }
}
