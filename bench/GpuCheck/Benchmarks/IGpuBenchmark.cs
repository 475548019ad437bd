namespace Octavo.GpuCheck.Benchmarks;

/// <summary>A family of cases.</summary>
internal interface IGpuBenchmark
{
    string Name { get; }

    /// <param name="limits">What the machine reaches with the plainest work.</param>
    IEnumerable<GpuMeasurement> Run(BenchDevice device, GpuLimits limits);
}
