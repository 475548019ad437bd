using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Sampling;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>
/// Draws of the kernel beside sorting, and beside the host's picker. What stays is one interval of [0, 1) for each token, in the order of ids: a token too many, one too few or a wrong one moves borders, so
/// draws close to both borders of an interval show the kept set to be exactly right.
/// </summary>
internal sealed class SamplingComparison(CudaTestBed bed, int seed) : IDisposable
{
    // Of the whole mass. The host adds up rounded numbers in an order of its own, and exponentials differ in their last bits.
    private const double Border = 2e-6;
    private const int Intervals = 5, FreeDraws = 4;
    private readonly RandomTensors random = new(seed);

    /// <summary>Draws that fell upon a border, where the kernel and the picker may differ.</summary>
    public int OnBorders { get; private set; }

    public int Draws { get; private set; }

    public void Dispose() => random.Dispose();

    /// <param name="size">Of the vocabulary; null: some.</param>
    public void Compare(int? size = null)
    {
        var width = size ?? random.Pick(17, 64, 300, 1024, 1030, 3000);
        var logits = Logits(width, seed % 5);
        var parameters = new SamplingParams
        {
            Temperature = random.Pick(0.3f, 1f, 1.7f),
            TopK = (seed % 4) switch { 0 => 0, 1 => 1 + random.Next(0, width / 3), 2 => random.Pick(1, width + 5), _ => random.Next(2, width - 1) },
            TopP = (seed % 3) switch { 0 => 1f, 1 => random.Pick(1e-6f, 0.1f, 0.5f, 0.9f), _ => 0.05f + (random.Next(0, 900) / 1000f) },
            MinP = seed % 7 == 0 ? 0.0123f : 0f,
        };
        if (Kept(logits, parameters) is not { } kept)
        {
            return; // a cut upon a border
        }

        var total = kept.Sum(token => token.Weight);
        var uniforms = new List<double>();
        foreach (var _ in Enumerable.Range(0, Math.Min(Intervals, kept.Count)))
        {
            var chosen = random.Next(0, kept.Count - 1);
            double low = kept.Take(chosen).Sum(token => token.Weight) / total, high = low + (kept[chosen].Weight / total);
            uniforms.AddRange([low + (2 * Border), high - (2 * Border)]);
        }

        uniforms.AddRange([0, 1 - Math.Pow(2, -53), .. Enumerable.Range(0, FreeDraws).Select(draw => CounterRandom.Uniform((ulong)seed, draw))]);
        uniforms.RemoveAll(uniform => uniform is < 0 or >= 1);
        var tokens = Sample(logits, [.. uniforms.Select(uniform => new SamplingRow(1, parameters.Temperature, parameters.TopK, parameters.TopP, parameters.MinP, uniform))]);
        var picker = new TokenPicker(width);
        for (var i = 0; i < tokens.Length; i++)
        {
            Draws++;
            var picked = picker.Pick([.. logits], logits.Max(), parameters, uniforms[i]);
            if (tokens[i] != picked || Distance(kept, uniforms[i] * total) / total < Border)
            {
                OnBorders++;
                (Distance(kept, uniforms[i] * total) / total).Should().BeLessThan(Border, $"{uniforms[i]} gives {tokens[i]}, on the host {picked}: {parameters} over {width}, seed {seed}");
                kept.Select(token => token.Id).Should().Contain(tokens[i]);
            }
        }
    }

    /// <summary>Of logits as the second row of three, the others being of other values.</summary>
    public int[] Sample(float[] logits, SamplingRow[] rows)
    {
        var matrix = random.Floats(3, logits.Length, 30);
        logits.CopyTo(matrix.Row<float>(1));
        var onDevice = bed.Upload(matrix, strided: seed % 2 == 1);
        Tensor largest = bed.Empty(new TensorShape(3), DType.Int32), tokens = bed.Empty(new TensorShape(rows.Length), DType.Int32);
        bed.Launcher.ArgMax(onDevice, largest, bed.Empty(new TensorShape(64)).Memory);
        bed.Launcher.Sample(onDevice, largest, bed.Upload(random.Ints(MemoryMarshal.Cast<SamplingRow, int>(rows).ToArray())), tokens);
        return bed.ReadInts(tokens);
    }

    private float[] Logits(int width, int kind)
    {
        var logits = random.Values(width, kind == 1 ? 2f : 8f);
        for (var i = 0; i < width; i++)
        {
            logits[i] = kind switch
            {
                0 => MathF.Round(logits[i]), // ties
                2 => 0.5f, // flat
                3 when i % 3 != 1 => float.NegativeInfinity,
                4 when i == width / 2 => 20, // one far above the others
                _ => logits[i],
            };
        }

        return logits;
    }

    /// <summary>By sorting, in the order of ids; null where a cut falls upon a border.</summary>
    private static List<(int Id, double Weight)>? Kept(float[] logits, SamplingParams parameters)
    {
        var weights = new float[logits.Length];
        TensorPrimitives.Subtract(logits, logits.Max(), weights);
        TensorPrimitives.Divide(weights, parameters.Temperature, weights);
        TensorPrimitives.Exp<float>(weights, weights);
        if (weights.Any(weight => Math.Abs(weight - parameters.MinP) < 1e-6 * parameters.MinP))
        {
            return null;
        }

        var ranked = Enumerable.Range(0, logits.Length).Where(id => weights[id] > 0 && weights[id] >= parameters.MinP).OrderByDescending(id => weights[id]).ThenBy(id => id)
            .Take(parameters.TopK > 0 ? parameters.TopK : int.MaxValue).Select(id => (Id: id, Weight: (double)weights[id])).ToList();
        if (parameters.TopP < 1)
        {
            double mass = ranked.Sum(token => token.Weight), sum = 0;
            var count = 0;
            while (sum < parameters.TopP * mass)
            {
                sum += ranked[count++].Weight;
                if (Math.Abs(sum - (parameters.TopP * mass)) < Border * mass)
                {
                    return null;
                }
            }

            ranked.RemoveRange(count, ranked.Count - count);
        }

        return [.. ranked.OrderBy(token => token.Id)];
    }

    /// <summary>To the nearest border between two tokens.</summary>
    private static double Distance(List<(int Id, double Weight)> kept, double target)
    {
        double sum = 0, nearest = double.MaxValue;
        foreach (var (_, weight) in kept.SkipLast(1))
        {
            sum += weight;
            nearest = Math.Min(nearest, Math.Abs(sum - target));
        }

        return nearest;
    }
}
