using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Products;
using Octavo.ServingRuntime.Kernels.Tests.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Products;

/// <summary>Products with packed weights over random shapes beside the plain reference.</summary>
internal sealed class QuantizedComparison : IDisposable
{
    private readonly CudaTestBed bed;
    private readonly int seed;
    private readonly RandomTensors random;
    private readonly ReferenceBackend reference = new();
    private readonly ThreadTeam team = new(1);
    private readonly StagedCopies copies;
    private readonly QuantizedProducts products;

    public QuantizedComparison(CudaTestBed bed, int seed)
    {
        (this.bed, this.seed, random) = (bed, seed, new RandomTensors(seed));
        copies = new StagedCopies(bed.Device.Context, bed.Stream, 4096);

        // So few rows never come to cuBLASLt.
        products = new QuantizedProducts(bed.Launcher, null!, bed.Device);
    }

    public void Dispose()
    {
        products.Dispose();
        copies.Dispose();
        team.Dispose();
        reference.Dispose();
        random.Dispose();
    }

    /// <param name="computed">What activations are rounded to.</param>
    public void Multiply(int bits, DType computed, int rows)
    {
        // The most are several batches of quads for each warp, and not the same for all.
        var inputs = random.Pick(64, 96, 130, 200, 512, 4672, 4672);
        var group = inputs > 512 ? random.Pick(32, 192, 256) : random.Pick(32, 64, 128, 48, 10, inputs, 256);
        var order = random.Next(0, 3) == 0 ? random.Permutation(inputs) : null;
        var zeros = random.Pick(Enum.GetValues<RandomQuantizedMatrix.Zeros>());
        var halves = random.Next(0, 2) > 0;
        QuantizedMatrix[] parts = [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => RandomQuantizedMatrix.Create(random, inputs, inputs > 512 ? random.Pick(1, 24) : random.Pick(1, 16, 40, 136), bits, group, order, zeros, halves))];
        Tensor[] biases = random.Next(0, 1) == 1 ? [.. parts.Select(part => random.Vector(part.OutFeatures))] : [];
        using var expectedWeight = reference.CreateQuantizedLinear(parts, biases, DType.Float32);
        using var weight = QuantizedWeight.Upload(bed.Device, copies, parts, biases, computed, team);
        weight.HasHalfParameters.Should().Be(halves && zeros != RandomQuantizedMatrix.Zeros.None);
        var stored = random.Pick(DType.Float32, DType.BFloat16, DType.Float16);
        var x = random.Of(random.Values(rows * inputs), new TensorShape(rows, inputs), stored);
        var exact = random.Empty(x.Shape);
        for (var i = 0; i < rows * inputs; i++)
        {
            exact.AsSpan<float>()[i] = Rounded(HostValues.Read(x, i), computed);
        }

        var expected = random.Empty(new TensorShape(rows, weight.OutFeatures));
        reference.Linear(exact, expectedWeight, expected);
        var type = random.Pick(DType.Float32, DType.Float32, DType.BFloat16, DType.Float16);
        var wide = bed.Empty(new TensorShape(rows, weight.OutFeatures + 7), type);
        var output = wide.Columns(3, weight.OutFeatures);
        products.Multiply(bed.Upload(x, strided: random.Next(0, 1) == 1), weight, output);
        Close(output, expected, computed, inputs, $"{rows} rows of {stored} by {parts.Length} parts [{weight.OutFeatures}, {inputs}], {bits} bits, groups of {group}, order {order is not null}, {zeros}, halves {halves}");
    }

    private void Close(Tensor onDevice, Tensor expected, DType computed, int inputs, string because)
    {
        // Sums are of numbers with a constant of up to 2,176 that is taken off again: some 1e-7 of what that makes of an activation.
        var tolerance = ((computed == DType.Float32 ? 2e-5f : 1e-3f) * MathF.Sqrt(Math.Max(1, inputs / 512f))) + (onDevice.DType == DType.Float32 ? 0 : 1f / 128);
        for (var row = 0; row < expected.Shape[0]; row++)
        {
            var bytes = bed.ReadBytes(onDevice.Rows(row, 1));
            var values = expected.Row<float>(row);
            for (var i = 0; i < values.Length; i++)
            {
                var actual = onDevice.DType switch
                {
                    DType.Float32 => MemoryMarshal.Cast<byte, float>(bytes)[i],
                    DType.BFloat16 => HostValues.FromBFloat16(MemoryMarshal.Cast<byte, ushort>(bytes)[i]),
                    _ => (float)MemoryMarshal.Cast<byte, Half>(bytes)[i],
                };
                if (!(Math.Abs(actual - values[i]) <= tolerance * Math.Max(1f, Math.Abs(values[i]))))
                {
                    actual.Should().BeApproximately(values[i], tolerance, $"row {row}, output {i}: {because} (in {computed} to {onDevice.DType}, seed {seed})");
                }
            }
        }
    }

    private static float Rounded(float value, DType dtype) => dtype switch
    {
        DType.BFloat16 => HostValues.FromBFloat16(HostValues.ToBFloat16(value)),
        DType.Float16 => (float)(Half)value,
        _ => value,
    };
}
