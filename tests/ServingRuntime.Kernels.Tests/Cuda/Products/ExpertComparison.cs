using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Products;
using Octavo.ServingRuntime.Kernels.Tests.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Products;

/// <summary>Mixtures of experts over random shapes beside the plain reference, each expert by itself.</summary>
internal sealed class ExpertComparison : IDisposable
{
    private readonly CudaTestBed bed;
    private readonly int seed;
    private readonly RandomTensors random;
    private readonly ReferenceBackend reference = new();
    private readonly ThreadTeam team = new(1);
    private readonly StagedCopies copies;
    private readonly ExpertProducts products;
    private readonly List<LinearWeight> weights = [];

    public ExpertComparison(CudaTestBed bed, int seed)
    {
        (this.bed, this.seed, random) = (bed, seed, new RandomTensors(seed));
        copies = new StagedCopies(bed.Device.Context, bed.Stream, 4096);
        products = new ExpertProducts(bed.Launcher, bed.Device);
    }

    public void Dispose()
    {
        weights.ForEach(weight => weight.Dispose());
        products.Dispose();
        copies.Dispose();
        team.Dispose();
        reference.Dispose();
        random.Dispose();
    }

    /// <param name="bits">0: dense weights.</param>
    /// <param name="many">So many tokens that tiles have 64 rows.</param>
    public void Compute(int bits, DType computed, bool many = false)
    {
        int experts = many ? 2 : random.Next(3, 9), k = Math.Min(random.Next(1, 4), experts), tokens = many ? 70 : random.Pick(1, 2, 5, 20);
        int hidden = random.Pick(64, 72, 160), inner = random.Pick(32, 72, 96), group = random.Pick(32, 64, 48);
        var gate = random.Pick(GatedActivation.Silu, GatedActivation.GeluTanh);
        var renormalize = random.Next(0, 1) == 1;
        var (gateUp, gateUpOnDevice) = Matrices(experts, 2 * inner, hidden, bits, group, computed);
        var (down, downOnDevice) = Matrices(experts, hidden, inner, bits, group, computed);
        using ExpertMatrix first = ExpertMatrix.Create(bed.Device, copies, gateUpOnDevice)!, second = ExpertMatrix.Create(bed.Device, copies, downOnDevice)!;
        using var together = new DeviceExperts(experts, gate, first, second);
        Tensor x = Round(random.Floats(tokens, hidden), computed), logits = random.Floats(tokens, experts, 4);
        if (random.Next(0, 2) == 0)
        {
            // All tokens to one expert, before all others.
            for (var t = 0; t < tokens; t++)
            {
                logits.Row<float>(t)[experts - 1] = 9;
            }
        }

        var expected = Expected(x, logits, k, renormalize, gateUp, down, gate, computed);
        var output = bed.Empty(expected.Shape);
        var type = random.Pick(DType.Float32, computed);
        products.Compute(bed.Upload(x, type, strided: random.Next(0, 1) == 1), bed.Upload(logits), k, renormalize, together, output);
        var because = $"{tokens} tokens of {hidden}, {k} of {experts} experts of {inner}, {bits} bits in groups of {group}, {gate}, {computed}, seed {seed}";
        Close(output, expected, computed, because);

        Tensor shared = random.Floats(tokens, hidden), share = random.Floats(tokens, 1, 3);
        for (var t = 0; t < tokens; t++)
        {
            var factor = 1 / (1 + MathF.Exp(-share.Row<float>(t)[0]));
            for (var i = 0; i < hidden; i++)
            {
                expected.Row<float>(t)[i] += factor * shared.Row<float>(t)[i];
            }
        }

        bed.Launcher.AddGated(bed.Upload(shared), bed.Upload(share), output);
        Close(output, expected, computed, "with what is shared: " + because);
    }

    private Tensor Expected(Tensor x, Tensor logits, int k, bool renormalize, LinearWeight[] gateUp, LinearWeight[] down, GatedActivation gate, DType computed)
    {
        int tokens = x.Shape[0], hidden = x.Shape[1], inner = down[0].InFeatures;
        Tensor chosen = random.Ints(new int[tokens * k]), shares = random.Vector(tokens * k), expected = random.Empty(x.Shape);
        reference.TopExperts(logits, k, renormalize, chosen, shares);
        for (var choice = 0; choice < tokens * k; choice++)
        {
            var expert = chosen.AsSpan<int>()[choice];
            Tensor both = random.Empty(new TensorShape(1, 2 * inner)), gated = random.Empty(new TensorShape(1, inner)), result = random.Empty(new TensorShape(1, hidden));
            reference.Linear(x.Rows(choice / k, 1), gateUp[expert], both);
            reference.ActivationMul(gate, Round(both, computed), gated);
            reference.Linear(Round(gated, computed), down[expert], result);
            for (var i = 0; i < hidden; i++)
            {
                expected.Row<float>(choice / k)[i] += shares.AsSpan<float>()[choice] * result.AsSpan<float>()[i];
            }
        }

        return expected;
    }

    private (LinearWeight[] Host, LinearWeight[] OnDevice) Matrices(int experts, int outputs, int inputs, int bits, int group, DType computed)
    {
        var host = new LinearWeight[experts];
        var onDevice = new LinearWeight[experts];
        var bias = random.Next(0, 2) == 0;
        for (var e = 0; e < experts; e++)
        {
            Tensor[] biases = bias ? [random.Vector(outputs)] : [];
            if (bits == 0)
            {
                var matrix = Round(random.Floats(outputs, inputs, 0.3f), computed);
                (host[e], onDevice[e]) = (reference.CreateLinear([matrix], biases, DType.Float32), DenseWeight.Upload(bed.Device, copies, [matrix], biases, computed));
            }
            else
            {
                QuantizedMatrix[] matrix = [RandomQuantizedMatrix.Create(random, inputs, outputs, bits, group)];
                (host[e], onDevice[e]) = (reference.CreateQuantizedLinear(matrix, biases, DType.Float32), QuantizedWeight.Upload(bed.Device, copies, matrix, biases, computed, team));
            }
        }

        weights.AddRange([.. host, .. onDevice]);
        return (host, onDevice);
    }

    private static Tensor Round(Tensor tensor, DType dtype)
    {
        foreach (ref var value in tensor.AsSpan<float>())
        {
            value = dtype switch { DType.BFloat16 => HostValues.FromBFloat16(HostValues.ToBFloat16(value)), DType.Float16 => (float)(Half)value, _ => value };
        }

        return tensor;
    }

    /// <summary>Between the products a value at the border of two may be rounded to either.</summary>
    private void Close(Tensor onDevice, Tensor expected, DType computed, string because)
    {
        var tolerance = computed switch { DType.BFloat16 => 0.02f, DType.Float16 => 0.004f, _ => 1e-4f };
        var actual = bed.Read(onDevice);
        var values = expected.AsSpan<float>();
        for (var i = 0; i < actual.Length; i++)
        {
            if (!(Math.Abs(actual[i] - values[i]) <= tolerance * Math.Max(1f, Math.Abs(values[i]))))
            {
                actual[i].Should().BeApproximately(values[i], tolerance, $"element {i} of {expected.Shape}: {because}");
            }
        }
    }
}
