namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class QuantizedLinearTests
{
    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void Linear_RandomShapes_EqualsReference(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var reference = new Kernels.Cpu.ReferenceBackend();
        using var random = new RandomTensors(21);
        for (var round = 0; round < 25; round++)
        {
            int rows = random.Next(1, 19), bits = random.Pick(4, 8), group = random.Pick(2, 16, 32, 128), inputs = 2 * random.Next(1, 90);
            var order = random.Pick(false, true) ? random.Permutation(inputs) : null;
            QuantizedMatrix[] parts = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => Matrix(random, inputs, random.Next(1, 70), bits, group, order))];
            Tensor[] biases = random.Pick(false, true) ? [] : [.. parts.Select(part => random.Vector(part.OutFeatures))];
            using LinearWeight fast = backend.CreateQuantizedLinear(parts, biases, DType.Float32), plain = reference.CreateQuantizedLinear(parts, biases, DType.Float32);
            var x = random.Strided(random.Floats(rows, inputs));
            Tensor actual = random.Strided(random.Empty(new TensorShape(rows, fast.OutFeatures))), expected = random.Empty(new TensorShape(rows, fast.OutFeatures));

            backend.Linear(x, fast, actual);
            reference.Linear(x, plain, expected);

            actual.ShouldBeClose(expected, 1e-4f, $"[{rows}, {inputs}] by {fast.OutFeatures} outputs of {bits} bits in groups of {group}");
        }
    }

    [Fact]
    public void Linear_RowAloneInBatchesAndEveryWidth_SameBits()
    {
        int[]? expected = null;
        foreach (var instructions in Backends.InstructionSets)
        {
            using var backend = Backends.Create(instructions, 2);
            using var random = new RandomTensors(22);
            using var weight = backend.CreateQuantizedLinear([Matrix(random, 256, 333, 4, 64, null)], [], DType.Float32);
            var x = random.Floats(23, 256);
            Tensor alone = random.Empty(new TensorShape(23, 333)), together = random.Empty(new TensorShape(23, 333));
            for (var row = 0; row < 23; row++)
            {
                backend.Linear(x.Rows(row, 1), weight, alone.Rows(row, 1));
            }

            backend.Linear(x, weight, together);
            together.ShouldBeSameBits(alone, instructions);
            expected ??= alone.Bits();
            alone.Bits().ShouldBeSameBits(expected, instructions);
        }
    }

    [Fact]
    public void CreateQuantizedLinear_FourBits_HoldsHalfAByteAWeight()
    {
        using var backend = Backends.Create("Avx512", 1);
        using var random = new RandomTensors(23);
        using var weight = backend.CreateQuantizedLinear([Matrix(random, 1024, 512, 4, 128, null)], [], DType.Float32);
        weight.Bytes.Should().Be((1024 * 512 / 2) + (8 * 512 * 2 * sizeof(float)));
    }

    [Fact]
    public void CreateQuantizedLinear_PartsThatDiffer_AreRefused()
    {
        using var backend = Backends.Create("Avx512", 1);
        using var random = new RandomTensors(24);
        var first = Matrix(random, 64, 32, 4, 32, null);
        foreach (var second in new[] { Matrix(random, 64, 32, 8, 32, null), Matrix(random, 64, 32, 4, 16, null), Matrix(random, 32, 32, 4, 32, null), Matrix(random, 64, 32, 4, 32, random.Permutation(64)) })
        {
            var create = () => backend.CreateQuantizedLinear([first, second], [], DType.Float32);
            create.Should().Throw<ArgumentException>();
        }
    }

    private static QuantizedMatrix Matrix(RandomTensors random, int inputs, int outputs, int bits, int group, int[]? order)
    {
        var groups = (inputs + group - 1) / group;
        byte[] Bytes(int count, int most) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(0, most))];
        return new QuantizedMatrix
        {
            InFeatures = inputs, OutFeatures = outputs, Bits = bits, GroupSize = group, InputOrder = order, Values = Bytes(inputs * outputs, (1 << bits) - 1),
            Scales = [.. random.Values(groups * outputs).Select(value => value / (1 << bits))], Offsets = random.Values(groups * outputs),
        };
    }
}
