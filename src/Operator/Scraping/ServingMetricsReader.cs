namespace Octavo.Operator.Scraping;

/// <summary>Finds a replica's load among its metrics.</summary>
internal static class ServingMetricsReader
{
    /// <summary>
    /// Series that differ in their labels only (engines of one replica) are added up; uses and rates are not sums, so the greatest use and the
    /// mean rate are taken.
    /// </summary>
    /// <exception cref="FormatException">One of the three metrics that the autoscaler needs is missing or not finite: unknown is not zero.</exception>
    public static ReplicaReading Read(IReadOnlyList<PrometheusSample> samples, ReplicaMetricNames names)
    {
        var rates = Values(names.CacheHitRate);
        return new ReplicaReading(Required(names.Waiting).Sum(), Required(names.Running).Sum(), Math.Clamp(Required(names.KVCacheUsage).Max(), 0, 1))
        {
            CacheHitRate = rates.Count > 0 ? Math.Clamp(rates.Average(), 0, 1) : null,
            UncachedQueuedTokens = Sum(names.UncachedQueuedTokens),
            WarmUpSeconds = Values(names.WarmUp) is { Count: > 0 } warmUps ? warmUps.Max() : null,
            Counters = new ReplicaCounters
            {
                PromptTokens = Sum(names.PromptTokens),
                CacheQueries = Sum(names.CacheQueries),
                CacheHits = Sum(names.CacheHits) + (Sum(names.TierCacheHits) ?? 0),
                PromptLengths = Sum(names.PromptLengths),
                Prompts = Sum(names.Prompts),
                TimeToFirstToken = LatencyHistogram.Of(Samples(names.TimeToFirstToken).Where(s => s.UpperBound is not null).Select(s => (s.UpperBound!.Value, s.Value))),
            },
        };

        List<double> Required(IReadOnlyList<string> of) => Values(of) is { Count: > 0 } values ? values : throw new FormatException($"{of[0]} is missing");

        double? Sum(IReadOnlyList<string> of) => Values(of) is { Count: > 0 } values ? values.Sum() : null;

        List<double> Values(IReadOnlyList<string> of) => [.. Samples(of).Select(s => s.Value)];

        IEnumerable<PrometheusSample> Samples(IReadOnlyList<string> of) =>
            of.Select(name => samples.Where(s => s.Name == name && double.IsFinite(s.Value)).ToList()).FirstOrDefault(found => found.Count > 0) ?? [];
    }
}
