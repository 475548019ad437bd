namespace Octavo.LoadGenerator.Workload;

/// <summary>When requests arrive.</summary>
internal static class ArrivalSchedule
{
    /// <summary>Times since the start, without end: a Poisson process of <paramref name="ratePerSecond"/>, or all zero for an infinite rate.</summary>
    public static IEnumerable<TimeSpan> Poisson(double ratePerSecond, Random random)
    {
        var seconds = 0.0;
        while (true)
        {
            yield return TimeSpan.FromSeconds(seconds);
            if (double.IsFinite(ratePerSecond))
            {
                // 1 - u is never 0, whose logarithm would be infinite.
                seconds += -Math.Log(1 - random.NextDouble()) / ratePerSecond;
            }
        }
    }
}
