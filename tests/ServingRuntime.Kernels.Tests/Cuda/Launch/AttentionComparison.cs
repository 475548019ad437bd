namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>Ways through a kernel of attention with random shapes, compared with the reference; mutants of the kernels go through them, too.</summary>
internal sealed class AttentionComparison(CudaTestBed bed, int seed, AttentionCase.Kernel kernel) : IDisposable
{
    private readonly RandomTensors random = new(seed);

    public void Dispose() => random.Dispose();

    /// <summary>Some sequences together, rows that fill up the batch among them.</summary>
    /// <param name="longest">Of the sequences.</param>
    /// <param name="mostQueries">Of a sequence.</param>
    public void RandomSequences(AttentionShape shape, int longest, int mostQueries, bool groups = false)
    {
        var lengths = Enumerable.Range(0, random.Next(1, 3)).Select(_ => random.Next(1, longest)).ToArray();
        using var all = new AttentionCase(bed, random, shape, lengths);
        if (groups)
        {
            all.Group(everything: false);
        }

        Compare(all, lengths, [.. lengths.Select(length => random.Next(0, Math.Min(length, mostQueries)))]);
    }

    /// <summary>One sequence of a length and a number of queries.</summary>
    public void OneSequence(AttentionShape shape, int length, int count)
    {
        using var all = new AttentionCase(bed, random, shape, length);
        Compare(all, [length], [count]);
    }

    /// <summary>A sequence alone and among others: the same bits.</summary>
    public void Company(AttentionShape shape, int[] lengths, int[] counts)
    {
        using var all = new AttentionCase(bed, random, shape, lengths);
        int[] which = [.. Enumerable.Range(0, lengths.Length)];
        var together = all.Attend(kernel, which, counts, padding: 1);
        var row = 0;
        for (var s = 0; s < lengths.Length; row += counts[s++])
        {
            all.Attend(kernel, [s], [counts[s]], bounded: false).Should().Equal(together.AsSpan(row * shape.Width, counts[s] * shape.Width).ToArray(), $"sequence {s} of {string.Join(' ', lengths)}: {shape}");
        }
    }

    /// <summary>A token whose values are not finite: the last queries that see it get NaN, those before it the bits that they had.</summary>
    public void SpoiledToken(AttentionShape shape, int length, int count, int token)
    {
        using var all = new AttentionCase(bed, random, shape, length);
        var before = all.Attend(kernel, [0], [count]);
        all.Spoil(0, token);
        var after = all.Attend(kernel, [0], [count]);
        var untouched = (token - (length - count)) * shape.Width;
        after[..untouched].Should().Equal(before[..untouched], $"they come before token {token}: {shape}");
        after[untouched..].Should().OnlyContain(value => float.IsNaN(value), $"they see token {token}: {shape}");
    }

    /// <summary>Tables by groups that keep everything: bit for bit the dense result.</summary>
    public void GroupsThatKeepEverything(AttentionShape shape, int[] lengths, int[] counts)
    {
        using var all = new AttentionCase(bed, random, shape, lengths);
        int[] which = [.. Enumerable.Range(0, lengths.Length)];
        var dense = all.Attend(kernel, which, counts);
        all.Group(everything: true);
        all.Attend(kernel, which, counts).Should().Equal(dense);
    }

    private void Compare(AttentionCase all, int[] lengths, int[] counts)
    {
        int[] which = [.. Enumerable.Range(0, lengths.Length)];
        var padding = random.Next(0, 2);
        if (counts.Sum() + padding == 0)
        {
            return;
        }

        var actual = all.Attend(kernel, which, counts, padding, bounded: random.Next(0, 1) == 1);
        var expected = all.Expected(which, counts).AsSpan<float>();
        for (var i = 0; i < actual.Length; i++)
        {
            var value = i < expected.Length ? expected[i] : 0;
            if (!(Math.Abs(actual[i] - value) <= Tolerance(all.Shape) * Math.Max(1f, Math.Abs(value))))
            {
                actual[i].Should().BeApproximately(
                    value, Tolerance(all.Shape), $"row {i / all.Shape.Width}, column {i % all.Shape.Width}: {all.Shape}, lengths {string.Join(' ', lengths)}, queries {string.Join(' ', counts)} (seed {seed})");
            }
        }
    }

    /// <summary>float32: what the order of sums makes; the types of outputs round once; tensor cores take queries and weights in the type of the cache (bfloat16 for those of eight bits).</summary>
    private float Tolerance(AttentionShape shape) =>
        Math.Max(TensorCores ? (shape.Cache == DType.Float16 ? 2e-3f : 1.5e-2f) : 1e-5f, shape.Type switch { DType.Float32 => 0, DType.BFloat16 => 4e-3f, _ => 6e-4f });

    public bool TensorCores { get; init; }
}
