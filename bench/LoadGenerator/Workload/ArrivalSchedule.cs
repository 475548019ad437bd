using Octavo.LoadGenerator.Configuration;

namespace Octavo.LoadGenerator.Workload;

/// <summary>When requests arrive: times since the start, without end, that no answer has any influence on.</summary>
internal static class ArrivalSchedule
{
    /// <param name="count">Requests in all, over which a ramp climbs; null: no end, and no ramp.</param>
    public static IEnumerable<TimeSpan> Of(ServeOptions options, int? count, Random random) =>
        options.RampUp is { } ramp && count is { } number
            ? Gamma(i => ramp.RateAt((double)i / Math.Max(1, number - 1)), options.Burstiness, 1, random)
            : Gamma(_ => options.RequestRate, options.Burstiness, options.BurstSize, random);

    /// <summary>A renewal process whose gaps are gamma distributed, as in vLLM's benchmark: burstiness 1 is a Poisson process, less comes in clusters, more is more even.</summary>
    /// <param name="rateAt">Requests per second after the n-th; infinite: no gap.</param>
    /// <param name="burstiness">The shape of the gamma distribution.</param>
    /// <param name="burstSize">Requests that arrive at once; the bursts are spaced so that the rate holds.</param>
    public static IEnumerable<TimeSpan> Gamma(Func<int, double> rateAt, double burstiness, int burstSize, Random random)
    {
        var seconds = 0.0;
        for (var i = 0; ; i++)
        {
            var rate = rateAt(i);
            if (i > 0 && i % burstSize == 0 && double.IsFinite(rate))
            {
                seconds += Variates.Gamma(burstiness, burstSize / (rate * burstiness), random);
            }

            yield return TimeSpan.FromSeconds(seconds);
        }
    }
}
