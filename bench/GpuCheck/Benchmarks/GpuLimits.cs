using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>What this device reaches with the plainest work, measured in the same run: what kernels are compared with.</summary>
/// <param name="CopyBytes">Bytes a microsecond that a copy on the device moves, read and written counted each.</param>
/// <param name="ProductFlops">Operations a microsecond of a large square bfloat16 product by cuBLASLt.</param>
internal sealed record GpuLimits(double CopyBytes, double ProductFlops)
{
    private const int CopySize = 1 << 30;
    private const int Side = 8192;

    public static GpuLimits Measure(BenchDevice device)
    {
        long size = device.Size(CopySize, 1 << 16);
        var side = device.Size(Side, 64);
        var from = device.Random(new TensorShape((int)(size / 4)), DType.Float32);
        var to = device.Empty(from.Shape, DType.Float32);
        var copy = device.Microseconds(_ => device.Backend.Stream.CopyOnDevice(to.Memory.Address, from.Memory.Address, size));
        device.Release();
        var x = device.Random(new TensorShape(side, side), DType.BFloat16);
        using var weight = RandomWeights.Dense(device, side, side, DType.BFloat16);
        var output = device.Empty(new TensorShape(side, side), DType.BFloat16);
        var product = device.Microseconds(_ => device.Backend.Linear(x, weight, output));
        device.Release();
        return new GpuLimits(2.0 * size / copy, 2.0 * side * side * side / product);
    }

    public GpuMeasurement Bandwidth(string benchmark, string what, double bytes, double microseconds, double? target = null) =>
        new(benchmark, what, microseconds, bytes / microseconds / 1e6, "TB/s", bytes / microseconds / CopyBytes, target);

    public GpuMeasurement Products(string benchmark, string what, double operations, double microseconds) =>
        new(benchmark, what, microseconds, operations / microseconds / 1e6, "TFLOP/s", operations / microseconds / ProductFlops);
}
