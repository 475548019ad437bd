using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>One token of each of many sequences over their blocks, which lie in any order: how fast keys and values are read.</summary>
internal sealed class DecodeAttention : IGpuBenchmark
{
    private const double Target = 0.8;

    public string Name => "decode-attention";

    public IEnumerable<GpuMeasurement> Run(BenchDevice device, GpuLimits limits)
    {
        foreach (var (batch, length) in ((int, int)[])[(1, 1024), (8, 1024), (32, 1024), (128, 1024), (256, 1024), (16, 16384), (1, 131072)])
        {
            yield return Case(device, limits, batch, length, 128, DType.BFloat16, (batch, length) == (128, 1024) ? Target : null);
        }

        foreach (var size in (int[])[64, 96, 256])
        {
            yield return Case(device, limits, 128, 1024, size, DType.BFloat16, null);
        }

        foreach (var dtype in (DType[])[DType.Float16, DType.Int8, DType.Float8E4M3])
        {
            yield return Case(device, limits, 128, 1024, 128, dtype, null);
        }
    }

    private GpuMeasurement Case(BenchDevice device, GpuLimits limits, int batch, int length, int headDim, DType dtype, double? target)
    {
        using var scene = new AttentionScene(device, device.Size(batch, 2), device.Size(length, 300), 1, headDim, dtype);
        var microseconds = device.Microseconds(_ => scene.Attend());
        return limits.Bandwidth(Name, $"batch {batch}, context {length}, {scene.Heads}/{AttentionScene.KVHeads} heads of {headDim}, {dtype}", scene.KeyValueBytes, microseconds, target);
    }
}
