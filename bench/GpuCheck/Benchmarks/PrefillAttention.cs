using System.Globalization;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>
/// Whole prompts, causal. The same shapes are run with PyTorch's scaled_dot_product_attention by bench/gpu/sdpa.py; the report puts them side by side.
/// Operations are counted as half of the square's, as is usual.
/// </summary>
internal sealed class PrefillAttention : IGpuBenchmark
{
    /// <summary>Sequences, tokens of each, head size: what sdpa.py runs, too.</summary>
    public static IReadOnlyList<(int Batch, int Length, int HeadDim)> Shapes { get; } = [(1, 1024, 128), (1, 4096, 128), (1, 16384, 128), (8, 1024, 128), (4, 4096, 128), (4, 4096, 64), (4, 4096, 96), (4, 4096, 256)];

    public string Name => "prefill-attention";

    public static string CaseName(int batch, int length, int headDim) =>
        string.Create(CultureInfo.InvariantCulture, $"batch {batch}, prompt {length}, {AttentionScene.HeadsOf(headDim)}/{AttentionScene.KVHeads} heads of {headDim}, BFloat16");

    public IEnumerable<GpuMeasurement> Run(BenchDevice device, GpuLimits limits)
    {
        foreach (var (batch, length, headDim) in Shapes)
        {
            using var scene = new AttentionScene(device, device.Size(batch, 2), device.Size(length, 70), device.Size(length, 70), headDim, DType.BFloat16);
            var microseconds = device.Microseconds(_ => scene.Attend());
            yield return limits.Products(Name, CaseName(batch, length, headDim), 2.0 * batch * length * length * headDim * scene.Heads, microseconds);
        }

        // A chunk behind a long context, as chunked prefill has it.
        using var chunk = new AttentionScene(device, 1, device.Size(16384, 90), device.Size(2048, 20), 128, DType.BFloat16);
        yield return limits.Products(
            Name, "chunk of 2048 behind 14336, 32/8 heads of 128, BFloat16", 4.0 * 128 * chunk.Heads * ((2048.0 * 14336) + (2048.0 * 2048 / 2)), device.Microseconds(_ => chunk.Attend()));
    }
}
