using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>What is done between products, at the sizes of an 8B model: how fast memory is gone through.</summary>
internal sealed class RowKernels : IGpuBenchmark
{
    private const int Hidden = 4096, Intermediate = 14336, Vocabulary = 128256;

    public string Name => "rows";

    public IEnumerable<GpuMeasurement> Run(BenchDevice device, GpuLimits limits)
    {
        int hidden = device.Size(Hidden, 256), intermediate = device.Size(Intermediate, 512), vocabulary = device.Size(Vocabulary, 2000), many = device.Size(128, 3);
        foreach (var rows in (int[])[many, device.Size(8192, 5)])
        {
            var backend = device.Backend;
            Tensor x = device.Random(new TensorShape(rows, hidden), DType.BFloat16), residual = device.Random(new TensorShape(rows, hidden), DType.Float32);
            var weight = device.Random(new TensorShape(hidden), DType.Float32);
            yield return limits.Bandwidth(Name, $"add and norm of {rows} rows", rows * (double)hidden * 12, device.Microseconds(_ => backend.AddRmsNorm(x, residual, weight, 1e-5f, x)));
            Tensor both = device.Random(new TensorShape(rows, 2 * intermediate), DType.BFloat16), gated = device.Empty(new TensorShape(rows, intermediate), DType.BFloat16);
            yield return limits.Bandwidth(Name, $"gate of {rows} rows", rows * (double)intermediate * 6, device.Microseconds(_ => backend.ActivationMul(GatedActivation.Silu, both, gated)));
            device.Release();
        }

        Tensor logits = device.Random(new TensorShape(many, vocabulary), DType.Float32), tokens = device.Empty(new TensorShape(many), DType.Int32);
        yield return limits.Bandwidth(Name, $"likeliest of {vocabulary} in {many} rows", (double)many * vocabulary * 4, device.Microseconds(_ => device.Backend.ArgMax(logits, tokens)));
        device.Release();
    }
}
