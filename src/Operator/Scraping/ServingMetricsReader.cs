using Octavo.Operator.Autoscaling;
using Octavo.ServingContract;

namespace Octavo.Operator.Scraping;

/// <summary>Finds a replica's load among its metrics.</summary>
internal static class ServingMetricsReader
{
    /// <summary>
    /// Series that differ in their labels only (engines of one replica) are added up; uses and rates are not sums, so the greatest use and the
    /// mean rate are taken.
    /// </summary>
    /// <exception cref="FormatException">One of the three metrics that the autoscaler needs is missing or not finite: unknown is not zero.</exception>
    public static ReplicaLoad Read(IReadOnlyList<PrometheusSample> samples)
    {
        var waiting = Required(ServingMetricNames.NumRequestsWaiting).Sum();
        var running = Required(ServingMetricNames.NumRequestsRunning).Sum();
        var usage = Required(ServingMetricNames.KVCacheUsage).Max();
        return new ReplicaLoad(waiting, running, Math.Clamp(usage, 0, 1), HitRate(), Values(ServingMetricNames.UncachedQueuedTokens).Sum());

        double? HitRate()
        {
            var rates = Values(ServingMetricNames.CacheHitRate);
            if (rates.Count > 0)
            {
                return Math.Clamp(rates.Average(), 0, 1);
            }

            var queries = Values(ServingMetricNames.PrefixCacheQueries).Sum();
            return queries > 0 ? Math.Clamp(Values(ServingMetricNames.PrefixCacheHits).Sum() / queries, 0, 1) : null;
        }

        List<double> Required(string name) => Values(name) is { Count: > 0 } values ? values : throw new FormatException($"{name} is missing");

        List<double> Values(string name) => [.. samples.Where(s => s.Name == name && double.IsFinite(s.Value)).Select(s => s.Value)];
    }
}
