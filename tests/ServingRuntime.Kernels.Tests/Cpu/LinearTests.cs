using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class LinearTests
{
    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void Linear_RandomShapes_EqualsReference(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var reference = new ReferenceBackend();
        using var random = new RandomTensors(1);
        for (var round = 0; round < 25; round++)
        {
            int rows = random.Next(1, 70), inputs = random.Pick(random.Next(1, 70), random.Next(70, 900)), outputs = random.Next(1, 220);
            var source = random.Pick(DType.Float32, DType.BFloat16, DType.Float16);
            var held = random.Pick(DType.Float32, DType.BFloat16);
            Tensor[] weights = [.. Split(random, outputs).Select(part => random.Of(random.Values(part * inputs), new TensorShape(part, inputs), source))];
            Tensor[] biases = random.Next(0, 1) == 0 ? [] : [.. weights.Select(weight => random.Vector(weight.Shape[0]))];
            var x = random.Strided(random.Floats(rows, inputs));
            using LinearWeight fast = backend.CreateLinear(weights, biases, held), plain = reference.CreateLinear(weights, biases, held);
            Tensor actual = random.Strided(random.Empty(new TensorShape(rows, outputs))), expected = random.Empty(new TensorShape(rows, outputs));

            backend.Linear(x, fast, actual);
            reference.Linear(held == DType.BFloat16 ? Rounded(random, instructions, x) : x, plain, expected);

            actual.ShouldBeClose(expected, 2e-5f, $"of [{rows}, {inputs}] by [{outputs}, {inputs}] {source} held as {held}");
        }
    }

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void Linear_RowAloneAndInBatches_SameBits(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var random = new RandomTensors(2);
        foreach (var (inputs, outputs) in new[] { (127, 200), (352, 128), (64, 1000), (2500, 70) })
        {
            foreach (var (source, held) in new[] { (DType.Float32, DType.Float32), (DType.BFloat16, DType.Float32), (DType.Float16, DType.Float32), (DType.BFloat16, DType.BFloat16) })
            {
                var matrix = random.Of(random.Values(outputs * inputs), new TensorShape(outputs, inputs), source);
                using var weight = backend.CreateLinear([matrix], [random.Vector(outputs)], held);
                var x = random.Floats(113, inputs);
                var alone = random.Empty(new TensorShape(113, outputs));
                for (var row = 0; row < 113; row++)
                {
                    backend.Linear(x.Rows(row, 1), weight, alone.Rows(row, 1));
                }

                foreach (var (start, count) in new[] { (0, 113), (3, 70), (5, 2), (9, 3), (17, 7), (20, 8), (31, 33), (0, 100) })
                {
                    var batch = random.Empty(new TensorShape(count, outputs));
                    backend.Linear(x.Rows(start, count), weight, batch);
                    batch.ShouldBeSameBits(alone.Rows(start, count), $"rows {start} to {start + count} of {source} as {held}");
                }
            }
        }
    }

    [Fact]
    public void Linear_EveryWidthThreadCountAndFormat_SameBits()
    {
        using var random = new RandomTensors(3);
        var x = random.Floats(29, 129);

        // Values that all formats hold exactly, so that they compute the same.
        float[] values = [.. Enumerable.Range(0, 300 * 129).Select(i => (i * 7919 % 255 - 127) / 64f)];
        var results = new List<int[]>();
        foreach (var instructions in Backends.InstructionSets)
        {
            foreach (var source in new[] { DType.Float32, DType.BFloat16, DType.Float16 })
            {
                using var backend = Backends.Create(instructions, results.Count % 4 + 1);
                using var weight = backend.CreateLinear([random.Of(values, new TensorShape(300, 129), source)], [], DType.Float32);
                var output = random.Empty(new TensorShape(29, 300));
                backend.Linear(x, weight, output);
                results.Add(output.Bits());
            }
        }

        results.ForEach(bits => bits.ShouldBeSameBits(results[0]));
    }

    [Fact]
    public void Linear_WrongShapes_NamesThem()
    {
        using var backend = Backends.Create("Avx2", 1);
        using var random = new RandomTensors(4);
        using var weight = backend.CreateLinear([random.Floats(6, 8)], [], DType.Float32);
        var tooNarrow = () => backend.Linear(random.Floats(2, 7), weight, random.Floats(2, 6));
        var wrongOutput = () => backend.Linear(random.Floats(2, 8), weight, random.Floats(3, 6));
        var unevenParts = () => backend.CreateLinear([random.Floats(6, 8), random.Floats(6, 7)], [], DType.Float32);
        tooNarrow.Should().Throw<ArgumentException>().WithMessage("*[2, 8]*[2, 7]*");
        wrongOutput.Should().Throw<ArgumentException>().WithMessage("*[2, 6]*[3, 6]*");
        unevenParts.Should().Throw<ArgumentException>().WithMessage("*[N, 8]*[6, 7]*");
    }

    /// <summary>Whether products with bfloat16 weights round activations to bfloat16, too.</summary>
    private static bool RoundsActivations(string instructions) => Enum.Parse<CpuInstructionSet>(instructions) is var set && set.IsSupported() && set.HasBFloat16Products();

    /// <summary>x as the instruction set's products with bfloat16 weights see it.</summary>
    private static Tensor Rounded(RandomTensors random, string instructions, Tensor x)
    {
        var result = random.Empty(x.Shape);
        for (var row = 0; row < x.Shape[0]; row++)
        {
            for (var k = 0; k < x.Shape[1]; k++)
            {
                var value = x.Row<float>(row)[k];
                result.Row<float>(row)[k] = RoundsActivations(instructions) ? HostValues.FromBFloat16(HostValues.ToBFloat16(value)) : value;
            }
        }

        return result;
    }

    private static List<int> Split(RandomTensors random, int total)
    {
        var first = random.Next(1, total);
        return first == total ? [total] : [first, total - first];
    }
}
