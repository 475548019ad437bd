namespace Octavo.LoadGenerator.Sweep;

/// <summary>One value of a sweep, measured in every round.</summary>
internal sealed record SweepPoint(string Value, string Label, IReadOnlyList<RunMeasurement> Rounds)
{
    /// <summary>The round in the middle by throughput: the one that reports show whole.</summary>
    public RunMeasurement Typical => Rounds.OrderBy(r => r.Summary.OutputThroughput).ElementAt(Rounds.Count / 2);

    /// <summary>Median over the rounds; the upper one of an even number.</summary>
    public double Median(Func<RunMeasurement, double> figure) => Rounds.Select(figure).Order().ElementAt(Rounds.Count / 2);

    /// <summary>Median over the rounds of this point's figure by another's of the same round.</summary>
    public double Ratio(SweepPoint by, Func<RunMeasurement, double> figure) =>
        Rounds.Zip(by.Rounds, (own, other) => figure(other) == 0 ? 0 : figure(own) / figure(other)).Order().ElementAt(Rounds.Count / 2);
}
