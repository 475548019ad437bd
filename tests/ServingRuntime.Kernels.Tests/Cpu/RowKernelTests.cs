using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

/// <summary>Operations that work row by row.</summary>
public sealed class RowKernelTests
{
    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void RmsNorm_RandomShapes_EqualsReference(string instructions, int threads) => Compare(instructions, threads, (backend, random) =>
    {
        int rows = random.Next(1, 40), width = random.Next(1, 700);
        Tensor x = random.Strided(random.Floats(rows, width)), residual = random.Floats(rows, width), output = random.Empty(new TensorShape(rows, width));
        var weight = random.Vector(width);
        backend.RmsNorm(x, weight, 1e-5f, output);
        var fused = random.Empty(new TensorShape(rows, width));
        backend.AddRmsNorm(x, residual, weight, 1e-6f, fused);
        backend.RmsNorm(x, weight, 1e-5f, x);
        return [output, residual, fused, x];
    });

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void ActivationMul_RandomShapes_EqualsReference(string instructions, int threads) => Compare(instructions, threads, (backend, random) =>
    {
        int rows = random.Next(1, 40), width = random.Next(1, 400);
        Tensor silu = random.Empty(new TensorShape(rows, width)), gelu = random.Empty(new TensorShape(rows, width));
        var gateUp = random.Floats(rows, 2 * width, scale: random.Pick(0.01f, 2f, 20f));
        backend.ActivationMul(GatedActivation.Silu, gateUp, silu);
        backend.ActivationMul(GatedActivation.GeluTanh, gateUp, gelu);
        return [silu, gelu];
    });

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void HeadRmsNormScaleAndSoftCap_RandomShapes_EqualsReference(string instructions, int threads) => Compare(instructions, threads, (backend, random) =>
    {
        int rows = random.Next(1, 30), heads = random.Next(1, 6), headDim = random.Pick(8, 20, 64);
        var x = random.Strided(random.Floats(rows, heads * headDim, scale: 8f));
        backend.HeadRmsNorm(x, headDim, random.Vector(headDim), 1e-6f);
        backend.Scale(x, 11.3f);
        backend.SoftCap(x, 15f);
        return [x];
    });

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void TopExpertsAndScatter_RandomShapes_EqualsReference(string instructions, int threads) => Compare(instructions, threads, (backend, random) =>
    {
        int rows = random.Next(1, 20), experts = random.Next(2, 40), k = random.Next(1, Math.Min(experts, 8));
        Tensor chosen = random.Ints(new int[rows * k]), weights = random.Vector(rows * k), output = random.Floats(rows, 33);
        var logits = random.Floats(rows, experts, scale: 6f);
        logits.Row<float>(0)[^1] = logits.Row<float>(0)[0];
        backend.TopExperts(logits, k, random.Next(0, 2) == 0, chosen, weights);
        backend.ScatterAddRows(random.Floats(rows, 33), random.Ints([.. Enumerable.Range(0, rows).Select(_ => random.Next(0, rows - 1))]), weights, output);
        var asFloats = random.Empty(new TensorShape(1, rows * k));
        for (var i = 0; i < rows * k; i++)
        {
            asFloats.Row<float>(0)[i] = chosen.AsSpan<int>()[i];
        }

        return [asFloats, output];
    });

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void RotaryEmbedding_RandomShapes_EqualsReference(string instructions, int threads) => Compare(instructions, threads, (backend, random) =>
    {
        int rows = random.Next(1, 30), heads = random.Next(1, 5), headDim = random.Pick(16, 48, 64, 80), rotary = random.Pick(headDim, headDim / 2);
        var x = random.Strided(random.Floats(rows, heads * headDim));
        var positions = random.Ints([.. Enumerable.Range(0, rows).Select(_ => random.Next(0, 19))]);
        backend.RotaryEmbedding(x, headDim, positions, random.Floats(20, rotary));
        backend.RotaryEmbedding(x, headDim, positions, random.Floats(20, rotary), interleaved: true);
        return [x];
    });

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void LogSoftmax_RandomShapes_EqualsReference(string instructions, int threads) => Compare(instructions, threads, (backend, random) =>
    {
        var logits = random.Floats(random.Next(1, 9), random.Next(1, 3000), scale: 30f);
        backend.LogSoftmax(logits, logits);
        return [logits];
    });

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void EmbeddingAndGather_RandomShapes_EqualsReference(string instructions, int threads) => Compare(instructions, threads, (backend, random) =>
    {
        int vocab = random.Next(1, 50), width = random.Next(1, 200), rows = random.Next(1, 20);
        var table = random.Of(random.Values(vocab * width), new TensorShape(vocab, width), random.Pick(DType.Float32, DType.BFloat16, DType.Float16));
        Tensor output = random.Empty(new TensorShape(rows, width)), gathered = random.Empty(new TensorShape(3, width));
        backend.Embedding(table, random.Ints([.. Enumerable.Range(0, rows).Select(_ => random.Next(0, vocab - 1))]), output);
        backend.GatherRows(output, random.Ints(random.Next(0, rows - 1), 0, rows - 1), gathered);
        return [output, gathered];
    });

    [Fact]
    public void RowOperations_EveryWidth_SameBits()
    {
        var results = new List<int[]>();
        foreach (var instructions in Backends.InstructionSets)
        {
            using var backend = Backends.Create(instructions, 2);
            using var random = new RandomTensors(9);
            Tensor x = random.Floats(70, 333, 9f), output = random.Empty(new TensorShape(70, 333)), activated = random.Empty(new TensorShape(70, 111)), gelu = random.Empty(new TensorShape(70, 111));
            backend.RmsNorm(x, random.Vector(333), 1e-5f, output);
            backend.ActivationMul(GatedActivation.Silu, output.Columns(0, 222), activated);
            backend.ActivationMul(GatedActivation.GeluTanh, output.Columns(0, 222), gelu);
            backend.SoftCap(output, 3f);
            backend.LogSoftmax(x, x);
            results.Add([.. output.Bits(), .. activated.Bits(), .. gelu.Bits(), .. x.Bits()]);
        }

        results.ForEach(bits => bits.ShouldBeSameBits(results[0]));
    }

    [Theory]
    [InlineData("Vector128")]
    [InlineData("Avx512")]
    public void ArgMax_TiesAndNaN_LowestIndexAndMinusOne(string instructions)
    {
        using var backend = Backends.Create(instructions, 1);
        using var reference = new ReferenceBackend();
        using var random = new RandomTensors(10);
        var logits = random.Floats(4, 1001);
        logits.Row<float>(1)[500] = logits.Row<float>(1)[77] = logits.Row<float>(1)[1000] = 5f;
        logits.Row<float>(2)[900] = float.NaN;
        logits.Row<float>(3).Fill(float.NegativeInfinity);
        Tensor actual = random.Ints(9, 9, 9, 9), expected = random.Ints(8, 8, 8, 8);
        backend.ArgMax(logits, actual);
        reference.ArgMax(logits, expected);
        actual.AsSpan<int>().ToArray().Should().Equal(expected.AsSpan<int>().ToArray());
        actual.AsSpan<int>()[1..].ToArray().Should().Equal(77, -1, 0);
    }

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void ArgMax_WideRowsWithTiesAndNaN_EqualsReference(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var reference = new ReferenceBackend();
        using var random = new RandomTensors(14);
        foreach (var (rows, width) in new[] { (1, 1), (3, 70), (5, 2049), (2, 40_000), (9, 16_384 + 17) })
        {
            var logits = random.Strided(random.Floats(rows, width));
            foreach (var value in new[] { 2f, 2f, float.NegativeInfinity, float.PositiveInfinity, 3f, 3f })
            {
                logits.Row<float>(random.Next(0, rows - 1))[random.Next(0, width - 1)] = value;
            }

            logits.Row<float>(rows / 2)[width - 1] = rows == 9 ? float.NaN : 1f;
            Tensor actual = random.Ints(new int[rows]), expected = random.Ints(new int[rows]);
            backend.ArgMax(logits, actual);
            reference.ArgMax(logits, expected);
            actual.AsSpan<int>().ToArray().Should().Equal(expected.AsSpan<int>().ToArray(), $"{rows} rows of {width}");
        }
    }

    [Fact]
    public void ActivationMul_NaN_StaysNaN()
    {
        using var backend = Backends.Create("Avx512", 1);
        using var random = new RandomTensors(11);
        var output = random.Empty(new TensorShape(1, 2));
        backend.ActivationMul(GatedActivation.GeluTanh, random.Of([float.NaN, 1f, 1f, 1f], new TensorShape(1, 4)), output);
        output.Row<float>(0)[0].Should().Be(float.NaN);
        backend.ActivationMul(GatedActivation.Silu, random.Of([float.NaN, 1f, 1f, 1f], new TensorShape(1, 4)), output);
        output.Row<float>(0)[0].Should().Be(float.NaN);
        output.Row<float>(0)[1].Should().BeApproximately(0.7310586f, 1e-6f);
    }

    /// <summary>Runs the same calls with the same values on both and compares all that they wrote.</summary>
    private static void Compare(string instructions, int threads, Func<IKernelBackend, RandomTensors, Tensor[]> calls)
    {
        using var backend = Backends.Create(instructions, threads);
        using var reference = new ReferenceBackend();
        for (var seed = 0; seed < 25; seed++)
        {
            using RandomTensors left = new(seed), right = new(seed);
            foreach (var (actual, expected) in calls(backend, left).Zip(calls(reference, right)))
            {
                actual.ShouldBeClose(expected, 5e-6f, $"(seed {seed})");
            }
        }
    }
}
