using Octavo.LoadGenerator.Client;

namespace Octavo.LoadGenerator.Statistics;

/// <summary>The run as the client saw it, in slices of equal length.</summary>
/// <param name="SliceSeconds">Length of a slice.</param>
/// <param name="OutputTokensPerSecond">Tokens that came in each slice, by second.</param>
/// <param name="InFlight">Mean number of requests in flight.</param>
/// <param name="Arrivals">Requests scheduled in each slice.</param>
internal sealed record Timeline(double SliceSeconds, IReadOnlyList<double> OutputTokensPerSecond, IReadOnlyList<double> InFlight, IReadOnlyList<int> Arrivals)
{
    private const int MostSlices = 120;
    private const double ShortestSlice = 0.05;

    public static Timeline Of(IReadOnlyList<RequestResult> results, double durationSeconds)
    {
        var slice = Math.Max(ShortestSlice, durationSeconds / MostSlices);
        var count = Math.Max(1, (int)Math.Ceiling(durationSeconds / slice));
        var tokens = new double[count];
        var inFlight = new double[count];
        var arrivals = new int[count];
        foreach (var result in results)
        {
            arrivals[At(result.ScheduledAt)]++;
            if (result.Error is not null)
            {
                continue;
            }

            var moment = result.SentAt + result.TimeToFirstToken;
            if (result.OutputTokens > 0)
            {
                // A server may send several tokens in one piece; which ones is not known, so all pieces count alike.
                var each = (double)result.OutputTokens / (result.InterTokenLatencies.Count + 1);
                tokens[At(moment)] += each;
                foreach (var gap in result.InterTokenLatencies)
                {
                    moment += gap;
                    tokens[At(moment)] += each;
                }
            }

            var (from, to) = (result.SentAt, result.SentAt + result.EndToEnd);
            for (var i = At(from); i <= At(to); i++)
            {
                inFlight[i] += Math.Max(0, Math.Min(to, (i + 1) * slice) - Math.Max(from, i * slice)) / slice;
            }
        }

        return new Timeline(slice, [.. tokens.Select(t => t / slice)], inFlight, arrivals);

        int At(double seconds) => Math.Clamp((int)(seconds / slice), 0, count - 1);
    }
}
