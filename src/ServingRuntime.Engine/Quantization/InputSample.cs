using Octavo.ServingRuntime.Kernels;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>What a linear layer got during calibration: the mean magnitude of each input over all tokens, and some tokens' inputs, drawn evenly.</summary>
internal sealed class InputSample(int width, int maxRows, Random random)
{
    private const float Ridge = 0.02f;
    private readonly float[] magnitudes = new float[width];
    private readonly List<float[]> rows = [];

    public int Width => width;

    /// <summary>All that were seen.</summary>
    public long Tokens { get; private set; }

    public int Rows => rows.Count;

    public void Add(in Tensor x)
    {
        for (var t = 0; t < x.Shape[0]; t++)
        {
            var row = x.Row<float>(t);
            for (var c = 0; c < width; c++)
            {
                magnitudes[c] += Math.Abs(row[c]);
            }

            // A reservoir: each token is in it with the same probability.
            Tokens++;
            if (rows.Count < maxRows)
            {
                rows.Add(row.ToArray());
            }
            else if (random.NextInt64(Tokens) is var place && place < maxRows)
            {
                row.CopyTo(rows[(int)place]);
            }
        }
    }

    /// <summary>Mean magnitude of each input.</summary>
    public float[] Means() => [.. magnitudes.Select(sum => sum / Math.Max(Tokens, 1))];

    /// <summary>[rows, width].</summary>
    public float[] Matrix() => [.. rows.SelectMany(row => row)];

    /// <summary>For each group of inputs the sums of products of each two of them, divided by the scale; null where too few tokens came by to tell.</summary>
    public float[][]? Moments(int groupSize, float[] scale, ParallelOptions parallel)
    {
        if (Rows < groupSize / 4)
        {
            return null;
        }

        var moments = new float[width / groupSize][];
        Parallel.For(0, moments.Length, parallel, g =>
        {
            var columns = new float[groupSize * Rows];
            for (var r = 0; r < Rows; r++)
            {
                for (var k = 0; k < groupSize; k++)
                {
                    columns[(k * Rows) + r] = rows[r][(g * groupSize) + k] / scale[(g * groupSize) + k];
                }
            }

            var moment = new float[groupSize * groupSize];
            var trace = 0f;
            for (var i = 0; i < groupSize; i++)
            {
                for (var j = 0; j <= i; j++)
                {
                    moment[(i * groupSize) + j] = moment[(j * groupSize) + i] = TensorPrimitives.Dot(columns.AsSpan(i * Rows, Rows), columns.AsSpan(j * Rows, Rows));
                }

                trace += moment[(i * groupSize) + i];
            }

            // Directions that no sample has seen still count a little.
            for (var i = 0; i < groupSize; i++)
            {
                moment[(i * groupSize) + i] += Ridge * trace / groupSize;
            }

            moments[g] = moment;
        });
        return moments;
    }
}
