namespace Octavo.LoadGenerator.Peers;

/// <summary>What a work's rounds gave.</summary>
/// <param name="Values">By side and measure, one a round.</param>
internal sealed record PeerResult(PeerWork Work, IReadOnlyDictionary<(string Side, string Key), IReadOnlyList<double>> Values)
{
    public static string Octavo => "octavo";

    /// <summary>Null: not measured.</summary>
    public double? Median(string side, string key) => Values.TryGetValue((side, key), out var values) && values.Count > 0 ? Median(values) : null;

    /// <summary>How many times as good as another side Octavo is: the median of the rounds' ratios, so that a machine that drifts does so for both; null: one of the two was not measured.</summary>
    public double? Ratio(string side, PeerMeasure measure) =>
        !Values.TryGetValue((Octavo, measure.Key), out var own) || !Values.TryGetValue((side, measure.Key), out var other) || own.Count == 0 || other.Count == 0 ? null
        : Median([.. own.Zip(other, (ours, theirs) => measure.SmallerIsBetter ? theirs / ours : ours / theirs)]);

    private static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
