using Octavo.ServingRuntime.Kernels.Cpu;
using static Octavo.ServingRuntime.Kernels.Tests.Cpu.RandomQuantizedMatrix;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class QuantizedLinearTests
{
    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void Linear_Float32OfRandomShapes_EqualsReference(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var reference = new ReferenceBackend();
        using var random = new RandomTensors(21);
        for (var round = 0; round < 40; round++)
        {
            var (parts, biases) = Shape(random);
            using LinearWeight fast = backend.CreateQuantizedLinear(parts, biases, DType.Float32), plain = reference.CreateQuantizedLinear(parts, biases, DType.Float32);
            var x = random.Strided(random.Floats(random.Next(1, 19), fast.InFeatures));
            Tensor actual = random.Strided(random.Empty(new TensorShape(x.Shape[0], fast.OutFeatures))), expected = random.Empty(new TensorShape(x.Shape[0], fast.OutFeatures));

            backend.Linear(x, fast, actual);
            reference.Linear(x, plain, expected);

            actual.ShouldBeClose(expected, 1e-4f, Describe(x, parts));
        }
    }

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void Linear_BFloat16OfRandomShapes_SameBitsAsThePlainSteps(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var random = new RandomTensors(25);
        for (var round = 0; round < 40; round++)
        {
            var (parts, biases) = Shape(random);
            using var weight = backend.CreateQuantizedLinear(parts, biases, DType.BFloat16);
            var x = random.Strided(random.Floats(random.Next(1, 39), weight.InFeatures));
            Tensor actual = random.Strided(random.Empty(new TensorShape(x.Shape[0], weight.OutFeatures))), expected = random.Empty(new TensorShape(x.Shape[0], weight.OutFeatures));

            backend.Linear(x, weight, actual);
            PlainQuantizedProduct.Compute(x, parts, biases, expected);

            actual.ShouldBeSameBits(expected, Describe(x, parts));
        }
    }

    [Fact]
    public void Linear_BFloat16_IsCloseToFloat32()
    {
        using var backend = Backends.Create(Backends.InstructionSets[^1], 2);
        using var random = new RandomTensors(26);
        var matrix = Create(random, 896, 200, 4, 128);
        using LinearWeight exact = backend.CreateQuantizedLinear([matrix], [], DType.Float32), rounded = backend.CreateQuantizedLinear([matrix], [], DType.BFloat16);
        var x = random.Floats(20, 896);
        Tensor expected = random.Empty(new TensorShape(20, 200)), actual = random.Empty(new TensorShape(20, 200));
        backend.Linear(x, exact, expected);
        backend.Linear(x, rounded, actual);

        double error = 0, size = 0;
        for (var row = 0; row < 20; row++)
        {
            for (var n = 0; n < 200; n++)
            {
                error += Math.Pow(actual.Row<float>(row)[n] - expected.Row<float>(row)[n], 2);
                size += Math.Pow(expected.Row<float>(row)[n], 2);
            }
        }

        Math.Sqrt(error / size).Should().BeInRange(1e-4, 8e-3, "activations have seven bits and a sign, and are rounded");
    }

    [Theory]
    [InlineData(4, 64, DType.Float32)]
    [InlineData(4, 128, DType.BFloat16)]
    [InlineData(4, 32, DType.BFloat16)]
    [InlineData(8, 128, DType.BFloat16)]
    [InlineData(8, 16, DType.BFloat16)]
    public void Linear_RowAloneInBatchesAndEverySetAndThreadCount_SameBits(int bits, int group, DType dtype)
    {
        int[]? expected = null;
        const int rows = 70;
        foreach (var instructions in Backends.InstructionSets)
        {
            using var random = new RandomTensors(22);
            var matrix = Create(random, 384, 333, bits, group);
            var x = random.Floats(rows, 384);
            foreach (var threads in new[] { 1, 3 })
            {
                using var backend = Backends.Create(instructions, threads);
                using var weight = backend.CreateQuantizedLinear([matrix], [], dtype);
                var alone = random.Empty(new TensorShape(rows, 333));
                for (var row = 0; row < rows; row++)
                {
                    backend.Linear(x.Rows(row, 1), weight, alone.Rows(row, 1));
                }

                expected ??= alone.Bits();
                alone.Bits().ShouldBeSameBits(expected, $"{instructions}, {threads} threads, one by one");
                foreach (var (start, count) in new[] { (0, rows), (3, 2), (5, 3), (9, 4), (11, 5), (13, 7), (17, 8), (20, 9), (25, 16), (30, 17), (2, 31), (1, 33), (4, 65) })
                {
                    var batch = random.Empty(new TensorShape(count, 333));
                    backend.Linear(x.Rows(start, count), weight, batch);
                    batch.ShouldBeSameBits(alone.Rows(start, count), $"{instructions}, {threads} threads, rows {start} to {start + count}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void Linear_ActivationsThatAreNotFinite_GiveNoNumbers(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var random = new RandomTensors(27);
        using var weight = backend.CreateQuantizedLinear([Create(random, 128, 40, 4, 32)], [], DType.BFloat16);
        var x = random.Floats(3, 128);
        (x.Row<float>(0)[77], x.Row<float>(2)[5]) = (float.NaN, float.PositiveInfinity);
        var output = random.Empty(new TensorShape(3, 40));
        backend.Linear(x, weight, output);
        output.Row<float>(0).ToArray().Should().OnlyContain(value => !float.IsFinite(value));
        output.Row<float>(1).ToArray().Should().OnlyContain(value => float.IsFinite(value));
        output.Row<float>(2).ToArray().Should().OnlyContain(value => !float.IsFinite(value));
    }

    [Theory]
    [InlineData(4, 128, Zeros.One, (1024 * 512 / 2) + (8 * 512 * 2))]
    [InlineData(4, 128, Zeros.Whole, (1024 * 512 / 2) + (8 * 512 * 3))]
    [InlineData(8, 32, Zeros.One, (1024 * 512) + (32 * 512 * 2))]
    [InlineData(4, 128, Zeros.None, (1024 * 512 / 2) + (8 * 512 * (2 + 4)))]
    public void CreateQuantizedLinear_Holds_NoMoreThanTheCheckpointSays(int bits, int group, object zeros, int bytes)
    {
        using var backend = Backends.Create("Avx512", 1);
        using var random = new RandomTensors(23);
        foreach (var dtype in new[] { DType.Float32, DType.BFloat16 })
        {
            using var weight = backend.CreateQuantizedLinear([Create(random, 1024, 512, bits, group, zeros: (Zeros)zeros)], [], dtype);
            weight.Bytes.Should().Be(bytes);
        }
    }

    [Fact]
    public void CreateQuantizedLinear_PartsThatDiffer_AreRefused()
    {
        using var backend = Backends.Create("Avx512", 1);
        using var random = new RandomTensors(24);
        var first = Create(random, 64, 32, 4, 32);
        foreach (var second in new[] { Create(random, 64, 32, 8, 32), Create(random, 64, 32, 4, 16), Create(random, 32, 32, 4, 32), Create(random, 64, 32, 4, 32, random.Permutation(64)) })
        {
            var create = () => backend.CreateQuantizedLinear([first, second], [], DType.Float32);
            create.Should().Throw<ArgumentException>();
        }
    }

    /// <summary>Groups that fill blocks and that do not, one group for all inputs, stacked matrices, inputs in another order, scales and zero points of every form.</summary>
    private static (QuantizedMatrix[] Parts, Tensor[] Biases) Shape(RandomTensors random)
    {
        int bits = random.Pick(4, 8), inputs = 2 * random.Next(1, random.Pick(200, 200, 200, 1000));
        var group = random.Pick(2, 16, 24, 32, 64, 96, 128, 256, inputs);
        var order = random.Pick(false, true) ? random.Permutation(inputs) : null;
        var zeros = random.Pick(Zeros.One, Zeros.Whole, Zeros.None);
        var half = random.Pick(false, true);
        QuantizedMatrix[] parts = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Create(random, inputs, random.Next(1, 70), bits, group, order, zeros, half))];
        Tensor[] biases = random.Pick(false, true) ? [] : [.. parts.Select(part => random.Vector(part.OutFeatures))];
        return (parts, biases);
    }

    private static string Describe(Tensor x, QuantizedMatrix[] parts) =>
        $"{x.Shape} by {parts.Sum(part => part.OutFeatures)} outputs of {parts[0].Bits} bits in groups of {parts[0].GroupSize}";
}
