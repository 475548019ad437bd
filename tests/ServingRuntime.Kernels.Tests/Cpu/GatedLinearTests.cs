namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class GatedLinearTests
{
    // Rows of one slab, of several, and of several parts; halves that are whole panels and such that meet inside one.
    private static readonly (int Rows, int Inputs, int Width)[] Shapes =
        [(1, 70, 128), (2, 64, 32), (3, 34, 50), (17, 96, 64), (33, 40, 96), (70, 2100, 160), (600, 32, 64), (1100, 16, 32), (5, 2, 1), (40, 200, 1024)];

    public static TheoryData<string, int, string> Weights()
    {
        var data = new TheoryData<string, int, string>();
        foreach (var (instructions, threads) in Backends.InstructionSets.SelectMany(set => new[] { (set, 1), (set, 3) }))
        {
            foreach (var weight in new[] { "float32", "float16", "bfloat16", "rounded", "4 bit", "4 bit exact", "8 bit" })
            {
                data.Add(instructions, threads, weight);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Weights))]
    public void GatedLinear_AnyShape_SameBitsAsLinearAndActivationMul(string instructions, int threads, string kind)
    {
        using var backend = Backends.Create(instructions, threads);
        foreach (var (rows, inputs, width) in Shapes)
        {
            using var random = new RandomTensors(rows + width);
            using var weight = Weight(backend, random, kind, inputs, width);
            var x = random.Strided(random.Floats(rows, inputs));
            foreach (var activation in Enum.GetValues<GatedActivation>())
            {
                Tensor wide = random.Empty(new TensorShape(rows, 2 * width)), expected = random.Empty(new TensorShape(rows, width)), actual = random.Strided(random.Empty(new TensorShape(rows, width)));
                backend.Linear(x, weight, wide);
                backend.ActivationMul(activation, wide, expected);

                backend.GatedLinear(x, weight, activation, actual);

                actual.ShouldBeSameBits(expected, $"{rows} x {inputs} to {width}, {activation}");
            }
        }
    }

    [Fact]
    public void GatedLinear_WrongShapes_AreRefused()
    {
        using var backend = Backends.Create(Backends.InstructionSets[^1], 1);
        using var random = new RandomTensors(3);
        using LinearWeight odd = backend.CreateLinear([random.Floats(33, 8)], [], DType.Float32), even = backend.CreateLinear([random.Floats(64, 8)], [], DType.Float32);
        Tensor x = random.Floats(2, 8), output = random.Empty(new TensorShape(2, 16)), narrow = random.Floats(2, 7), right = random.Empty(new TensorShape(2, 32));

        new Action(() => backend.GatedLinear(x, odd, GatedActivation.Silu, output)).Should().Throw<ArgumentException>().WithMessage("*33 outputs*");
        new Action(() => backend.GatedLinear(x, even, GatedActivation.Silu, output)).Should().Throw<ArgumentException>().WithMessage("*[2, 32]*");
        new Action(() => backend.GatedLinear(narrow, even, GatedActivation.Silu, right)).Should().Throw<ArgumentException>().WithMessage("*[2, 8]*");
    }

    private static LinearWeight Weight(IKernelBackend backend, RandomTensors random, string kind, int inputs, int width)
    {
        // Quantised: gate and up are two parts of one matrix's form.
        var bits = kind[0] == '4' ? 4 : 8;
        return kind switch
        {
            "float32" => backend.CreateLinear([random.Floats(2 * width, inputs)], [], DType.Float32),
            "float16" or "bfloat16" => backend.CreateLinear([Narrow(random, kind, width, inputs), Narrow(random, kind, width, inputs)], [random.Vector(width), random.Vector(width)], DType.Float32),
            "rounded" => backend.CreateLinear([Narrow(random, "bfloat16", 2 * width, inputs)], [random.Vector(2 * width)], DType.BFloat16),
            _ => backend.CreateQuantizedLinear([RandomQuantizedMatrix.Create(random, inputs, 2 * width, bits, 32)], [], kind == "4 bit exact" ? DType.Float32 : DType.BFloat16),
        };
    }

    private static Tensor Narrow(RandomTensors random, string kind, int rows, int columns) =>
        random.Of(random.Values(rows * columns), new TensorShape(rows, columns), kind == "float16" ? DType.Float16 : DType.BFloat16);
}
