using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>Weights of given sizes; their content does not matter to speed, but must not be zero, which draws less power.</summary>
internal static class RandomWeights
{
    // A large matrix repeats so many: making billions of them would take longer than all measurements.
    private const int Piece = 1 << 20;

    public static LinearWeight Dense(BenchDevice device, int outputs, int inputs, DType dtype, int seed = 1)
    {
        using var memory = new CpuMemory((long)outputs * inputs * sizeof(ushort));
        var host = new Tensor(memory, 0, new TensorShape(outputs, inputs), DType.BFloat16);
        var random = new Random(seed);
        var values = host.AsSpan<ushort>();
        foreach (ref var value in values[..Math.Min(values.Length, Piece)])
        {
            // Between 2^-7 and 2^-6, of either sign.
            value = (ushort)(0x3c00 | random.Next(0, 128) | (random.Next(2) << 15));
        }

        Repeat(values);

        return device.Backend.CreateLinear([host], [], dtype);
    }

    public static LinearWeight Quantized(BenchDevice device, int outputs, int inputs, int bits, int groupSize, DType dtype, int seed = 1)
    {
        var random = new Random(seed);
        var values = new byte[(long)outputs * inputs];
        var piece = values.AsSpan(0, Math.Min(values.Length, Piece));
        random.NextBytes(piece);
        foreach (ref var value in piece)
        {
            value &= (byte)((1 << bits) - 1);
        }

        Repeat(values.AsSpan());

        var groups = (inputs + groupSize - 1) / groupSize;
        var scales = new float[groups * outputs];
        for (var i = 0; i < scales.Length; i++)
        {
            scales[i] = (float)(Half)(0.001 + (0.001 * random.NextDouble()));
        }

        var zero = 1 << (bits - 1);
        return device.Backend.CreateQuantizedLinear(
            [
                new QuantizedMatrix
                {
                    InFeatures = inputs, OutFeatures = outputs, Bits = bits, GroupSize = groupSize, Values = values, Scales = scales, Offsets = Array.ConvertAll(scales, scale => scale * zero),
                },
            ],
            [],
            dtype);
    }

    private static void Repeat<T>(Span<T> values)
    {
        for (var done = Piece; done < values.Length; done += Piece)
        {
            values[..Math.Min(Piece, values.Length - done)].CopyTo(values[done..]);
        }
    }
}
