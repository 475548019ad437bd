using System.Numerics.Tensors;
using Octavo.ServingRuntime.Kernels;
using Tensor = Octavo.ServingRuntime.Kernels.Tensor;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>What was found for a group.</summary>
/// <param name="Scale">Of each input; feasible, not folded yet.</param>
/// <param name="Alpha">0: no scale.</param>
/// <param name="Error">Squared error of the outputs, relative to the outputs.</param>
/// <param name="PlainError">The same without a scale.</param>
internal sealed record ScaleChoice(float[] Scale, float Alpha, double Error, double PlainError);

/// <summary>
/// AWQ's search: each input's scale is its mean magnitude to the power of α, and α is what makes the outputs' error over the samples least, when weights are scaled, rounded and scaled back.
/// </summary>
internal sealed class ScaleSearch(IKernelBackend backend, DType dtype, int groupSize, FoldedWeights weights, ParallelOptions parallel)
{
    private const int ChunkElements = 8 << 20;
    private const float CoarseStep = 0.1f;

    public ScaleChoice Search(ScaleGroup group, InputSample sample)
    {
        var ones = new float[group.Width];
        Array.Fill(ones, 1f);
        if (sample.Rows == 0)
        {
            return new ScaleChoice(ones, 0, double.NaN, double.NaN);
        }

        var means = Means(group, sample);
        var tried = new SortedDictionary<float, (float[] Scale, double Error)>();
        double energy = 0;
        void Try(params float[] alphas)
        {
            var scales = alphas.Select(alpha => alpha == 0 ? ones : weights.Feasible(group, Scale(means, alpha))).ToList();
            var (errors, outputs) = Errors(group, sample, scales);
            energy = outputs;
            for (var i = 0; i < alphas.Length; i++)
            {
                tried[alphas[i]] = (scales[i], errors[i]);
            }
        }

        Try([.. Enumerable.Range(0, 11).Select(i => i * CoarseStep)]);
        var coarse = tried.MinBy(entry => entry.Value.Error).Key;
        Try([.. new[] { coarse - (CoarseStep / 2), coarse + (CoarseStep / 2) }.Where(alpha => alpha is > 0 and < 1)]);
        var (best, (scale, error)) = tried.MinBy(entry => entry.Value.Error);
        return new ScaleChoice(scale, best, error / energy, tried[0].Error / energy);
    }

    /// <summary>Channels that are made by the same row have one scale: that of their mean.</summary>
    private static float[] Means(ScaleGroup group, InputSample sample)
    {
        var means = sample.Means();
        if (group.Source is RowSource { Repeats: > 1 } source)
        {
            var shared = Enumerable.Range(0, means.Length).GroupBy(source.Row).ToDictionary(channels => channels.Key, channels => channels.Average(c => means[c]));
            for (var c = 0; c < means.Length; c++)
            {
                means[c] = shared[source.Row(c)];
            }
        }

        // A channel that is always zero is of no matter, and no reason for a scale of zero.
        var least = Math.Max(TensorPrimitives.Max(means) * 1e-4f, 1e-8f);
        return [.. means.Select(mean => Math.Max(mean, least))];
    }

    /// <summary>Around 1, so that weights stay in the range of their type.</summary>
    private static float[] Scale(float[] means, float alpha)
    {
        float[] scale = [.. means.Select(mean => MathF.Pow(mean, alpha))];
        var middle = MathF.Sqrt(TensorPrimitives.Max(scale) * TensorPrimitives.Min(scale));
        return [.. scale.Select(s => s / middle)];
    }

    /// <summary>Squared errors of the outputs for each scale, and the outputs' own square, over all readers and samples.</summary>
    private (double[] Errors, double Energy) Errors(ScaleGroup group, InputSample sample, List<float[]> scales)
    {
        var width = group.Width;
        var errors = new double[scales.Count];
        double energy = 0;
        using var inputs = new Block(backend, sample.Rows, width);
        backend.CopyToDevice<float>(sample.Matrix(), inputs.Tensor);
        foreach (var (prefix, outputs) in group.Readers.SelectMany(reader => reader.Parts))
        {
            var matrix = weights.Read(prefix + ".weight");
            var most = Math.Clamp(ChunkElements / width, 1, outputs);
            for (var first = 0; first < outputs; first += most)
            {
                parallel.CancellationToken.ThrowIfCancellationRequested();
                var count = Math.Min(most, outputs - first);
                var chunk = matrix.AsMemory(first * width, count * width);
                using var rest = new Block(backend, count, width);
                using var products = new Block(backend, sample.Rows, count);
                chunk.Span.CopyTo(rest.Tensor.AsSpan<float>());
                energy += Product(inputs, rest, products);
                for (var i = 0; i < scales.Count; i++)
                {
                    Rest(chunk, scales[i], rest.Tensor);
                    errors[i] += Product(inputs, rest, products);
                }
            }
        }

        return (errors, energy);
    }

    /// <summary>w - Round(w · s) / s.</summary>
    private void Rest(ReadOnlyMemory<float> chunk, float[] scale, Tensor rest)
    {
        var width = scale.Length;
        Parallel.For(0, chunk.Length / width, parallel, () => new float[groupSize], (n, _, steps) =>
        {
            var source = chunk.Span.Slice(n * width, width);
            var target = rest.Row<float>(n);
            TensorPrimitives.Multiply(source, scale, target);
            for (var begin = 0; begin < width; begin += groupSize)
            {
                var (step, _) = GroupRounding.Round(target.Slice(begin, groupSize), 1f, steps);
                TensorPrimitives.Multiply(steps, (float)step, target.Slice(begin, groupSize));
            }

            TensorPrimitives.Divide(target, scale, target);
            TensorPrimitives.Subtract(source, target, target);
            return steps;
        }, _ => { });
    }

    /// <summary>Squared sum of inputs · restᵀ.</summary>
    private double Product(Block inputs, Block rest, Block products)
    {
        using var weight = backend.CreateLinear([rest.Tensor], [], dtype);
        backend.Linear(inputs.Tensor, weight, products.Tensor);
        double sum = 0;
        for (var r = 0; r < products.Tensor.Shape[0]; r++)
        {
            sum += TensorPrimitives.SumOfSquares<float>(products.Tensor.Row<float>(r));
        }

        return sum;
    }

    private sealed class Block(IKernelBackend backend, int rows, int columns) : IDisposable
    {
        public Tensor Tensor { get; } = backend.Allocate(new TensorShape(rows, columns), DType.Float32);

        public void Dispose() => Tensor.Memory.Dispose();
    }
}
