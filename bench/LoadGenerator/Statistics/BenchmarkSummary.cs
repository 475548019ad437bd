using Octavo.LoadGenerator.Client;

namespace Octavo.LoadGenerator.Statistics;

/// <summary>All that a run says. Throughputs are per second of <see cref="DurationSeconds"/>; latencies are in milliseconds and of successful requests only.</summary>
internal sealed record BenchmarkSummary
{
    public required double DurationSeconds { get; init; }
    public required int Completed { get; init; }
    public required int Failed { get; init; }
    public required long InputTokens { get; init; }
    public required long CachedTokens { get; init; }
    public required long OutputTokens { get; init; }
    public required Distribution TimeToFirstToken { get; init; }

    /// <summary>Per request: time after the first token by tokens after the first.</summary>
    public required Distribution TimePerOutputToken { get; init; }

    public required Distribution InterTokenLatency { get; init; }
    public required Distribution EndToEnd { get; init; }

    /// <summary>Messages of failed requests with how often each came, the most frequent first.</summary>
    public required IReadOnlyList<(string Message, int Count)> Errors { get; init; }

    public double RequestThroughput => PerSecond(Completed);
    public double OutputThroughput => PerSecond(OutputTokens);
    public double TotalThroughput => PerSecond(InputTokens + OutputTokens);

    public static BenchmarkSummary Of(IReadOnlyList<RequestResult> results, TimeSpan duration)
    {
        var good = results.Where(r => r.Error is null).ToArray();
        return new BenchmarkSummary
        {
            DurationSeconds = duration.TotalSeconds,
            Completed = good.Length,
            Failed = results.Count - good.Length,
            InputTokens = good.Sum(r => (long)r.PromptTokens),
            CachedTokens = good.Sum(r => (long)r.CachedTokens),
            OutputTokens = good.Sum(r => (long)r.OutputTokens),
            TimeToFirstToken = Distribution.Of(good.Select(r => r.TimeToFirstToken * 1000)),
            TimePerOutputToken = Distribution.Of(good.Where(r => r.OutputTokens > 1).Select(r => (r.EndToEnd - r.TimeToFirstToken) * 1000 / (r.OutputTokens - 1))),
            InterTokenLatency = Distribution.Of(good.SelectMany(r => r.InterTokenLatencies).Select(s => s * 1000)),
            EndToEnd = Distribution.Of(good.Select(r => r.EndToEnd * 1000)),
            Errors = [.. results.Where(r => r.Error is not null).GroupBy(r => r.Error!, StringComparer.Ordinal).Select(g => (g.Key, g.Count())).OrderByDescending(e => e.Item2).ThenBy(e => e.Key, StringComparer.Ordinal)],
        };
    }

    private double PerSecond(double amount) => DurationSeconds > 0 ? amount / DurationSeconds : 0;
}
