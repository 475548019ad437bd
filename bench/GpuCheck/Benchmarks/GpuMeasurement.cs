namespace Octavo.GpuCheck.Benchmarks;

/// <summary>One figure of one case.</summary>
/// <param name="Benchmark">What was measured, such as decode-attention.</param>
/// <param name="Case">Sizes and types.</param>
/// <param name="Microseconds">Median of one run.</param>
/// <param name="Value">In the unit.</param>
/// <param name="Unit">TB/s or TFLOP/s.</param>
/// <param name="OfLimit">The value by what this machine reached with the plainest work of the kind in the same run; null: not compared.</param>
/// <param name="Target">Least of <paramref name="OfLimit"/>; null: none is set.</param>
internal sealed record GpuMeasurement(string Benchmark, string Case, double Microseconds, double Value, string Unit, double? OfLimit = null, double? Target = null)
{
    /// <summary>Null where there is no target.</summary>
    public bool? Met => Target is { } least ? OfLimit >= least : null;
}
