namespace Octavo.EngineBench.Kernels;

/// <summary>Times of short calls.</summary>
internal static class KernelClock
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(40);

    /// <summary>Seconds of one call: the median of rounds that each repeat it for some time, after one that is not counted.</summary>
    public static double Median(int rounds, Action call)
    {
        var time = TimeProvider.System;
        var seconds = new List<double>();
        for (var round = 0; round <= rounds; round++)
        {
            var start = time.GetTimestamp();
            var calls = 0;
            do
            {
                call();
                calls++;
            }
            while (time.GetElapsedTime(start) < Round);
            if (round > 0)
            {
                seconds.Add(time.GetElapsedTime(start).TotalSeconds / calls);
            }
        }

        return Medians.Of(seconds, value => value);
    }
}
