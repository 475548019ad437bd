using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>Drawing tokens from a vocabulary, parameters and tokens going to and fro as in a step; bandwidth as if the logits were read once.</summary>
internal sealed class SamplingBenchmark : IGpuBenchmark
{
    public string Name => "sampling";

    public IEnumerable<GpuMeasurement> Run(BenchDevice device, GpuLimits limits)
    {
        var vocabulary = device.Size(128256, 2000);
        foreach (var rows in (int[])[1, device.Size(128, 3)])
        {
            Tensor logits = device.Random(new TensorShape(rows, vocabulary), DType.Float32), largest = device.Empty(new TensorShape(rows), DType.Int32);
            device.Backend.Scale(logits, 12);
            device.Backend.ArgMax(logits, largest);
            var tokens = new int[rows];
            foreach (var (what, topK, topP) in ((string, int, float)[])[("temperature", 0, 1f), ("top-k 50", 50, 1f), ("top-p 0.95", 0, 0.95f), ("top-k 50, top-p 0.95", 50, 0.95f)])
            {
                SamplingRow[] drawn = [.. Enumerable.Range(0, rows).Select(row => new SamplingRow(row, 0.8f, topK, topP, 0, (row + 0.5) / rows))];
                yield return limits.Bandwidth(
                    Name, $"{what}: {rows} rows of {vocabulary}", 4.0 * rows * vocabulary, device.EagerMicroseconds(_ => ((ISamplingKernels)device.Backend).Sample(logits, largest, drawn, tokens)));
            }

            device.Release();
        }
    }
}
