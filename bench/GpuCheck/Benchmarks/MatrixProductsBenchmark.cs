using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>
/// A layer's products, dense and with four bits: for few rows how fast weights are read, for many how fast is multiplied. Weights take turns, so that none is found in the cache.
/// </summary>
internal sealed class MatrixProductsBenchmark : IGpuBenchmark
{
    private const double Target = 0.7;
    private const int MostRowsByBandwidth = 16;

    // Twice the L2 of any device so far.
    private const long LeastBytes = 256L << 20;

    public string Name => "products";

    public IEnumerable<GpuMeasurement> Run(BenchDevice device, GpuLimits limits)
    {
        foreach (var (fullOutputs, fullInputs) in ((int, int)[])[(4096, 4096), (6144, 4096), (28672, 4096), (4096, 14336)])
        {
            int outputs = device.Size(fullOutputs, 128), inputs = device.Size(fullInputs, 256);
            IEnumerable<GpuMeasurement> measurements =
            [
                .. Shape(device, limits, outputs, inputs, "4 bit", 0.5, seed => RandomWeights.Quantized(device, outputs, inputs, 4, 128, DType.BFloat16, seed), Target),
                .. Shape(device, limits, outputs, inputs, "bfloat16", 2, _ => RandomWeights.Dense(device, outputs, inputs, DType.BFloat16), null),
            ];
            foreach (var measurement in measurements)
            {
                yield return measurement;
            }
        }

        // Types and groups that are read otherwise.
        int side = device.Size(4096, 128), wide = device.Size(28672, 256);
        foreach (var measurement in (IEnumerable<GpuMeasurement>)
            [
                .. Shape(device, limits, wide, side, "8 bit", 1, seed => RandomWeights.Quantized(device, wide, side, 8, 128, DType.BFloat16, seed), null),
                .. Shape(device, limits, wide, side, "4 bit in groups of 32", 0.5, seed => RandomWeights.Quantized(device, wide, side, 4, 32, DType.BFloat16, seed), null),
            ])
        {
            yield return measurement;
        }
    }

    private IEnumerable<GpuMeasurement> Shape(BenchDevice device, GpuLimits limits, int outputs, int inputs, string form, double bytesPerWeight, Func<int, LinearWeight> make, double? target)
    {
        var copies = (int)Math.Clamp(LeastBytes / (long)(bytesPerWeight * outputs * inputs), 2, device.Size(64, 2));
        var weights = new List<LinearWeight>();
        try
        {
            for (var i = 0; i < copies; i++)
            {
                weights.Add(make(i));
            }

            foreach (var fullRows in (int[])[1, 2, 8, 16, 32, 64, 256, 2048])
            {
                var rows = device.Size(fullRows, 33);
                Tensor x = device.Random(new TensorShape(rows, inputs), DType.BFloat16), output = device.Empty(new TensorShape(rows, outputs), DType.BFloat16);
                var microseconds = device.Microseconds(i => device.Backend.Linear(x, weights[i % copies], output));
                var what = $"{form} [{outputs}, {inputs}], {rows} rows";
                yield return rows <= MostRowsByBandwidth
                    ? limits.Bandwidth(Name, what, weights[0].Bytes + (2.0 * rows * (inputs + outputs)), microseconds, rows == 1 ? target : null)
                    : limits.Products(Name, what, 2.0 * rows * inputs * outputs, microseconds);
                device.Release();
            }
        }
        finally
        {
            weights.ForEach(weight => weight.Dispose());
        }
    }
}
