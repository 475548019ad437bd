namespace Octavo.Metrics.Prometheus;

/// <summary>Bounds of a <see cref="MeterCollector"/>.</summary>
public sealed record MeterCollectorOptions
{
    /// <summary>Tag sets kept per instrument; measurements with further ones are counted in <c>octavo_metrics_series_overflow_total</c> and dropped.</summary>
    public int MaxSeriesPerInstrument { get; init; } = 2000;

    /// <summary>Upper bounds of histograms whose instrument gives no advice; ascending.</summary>
    public IReadOnlyList<double> DefaultHistogramBounds { get; init; } = [.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];
}
