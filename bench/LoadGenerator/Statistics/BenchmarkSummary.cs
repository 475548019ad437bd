using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;

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

    /// <summary>Since the request was sent, as vLLM's benchmark has it.</summary>
    public required Distribution TimeToFirstToken { get; init; }

    /// <summary>Per request: time after the first token by tokens after the first.</summary>
    public required Distribution TimePerOutputToken { get; init; }

    public required Distribution InterTokenLatency { get; init; }
    public required Distribution EndToEnd { get; init; }

    /// <summary>Since the scheduled arrival, whatever held the request back in the client.</summary>
    public required Distribution ArrivalTimeToFirstToken { get; init; }
    public required Distribution ArrivalEndToEnd { get; init; }

    /// <summary>Between scheduled and sent.</summary>
    public required Distribution SendDelay { get; init; }

    /// <summary>In the server's queue, of answers that tell it.</summary>
    public required Distribution QueueTime { get; init; }

    /// <summary>Requests that met the service level; null: none was asked for.</summary>
    public int? Good { get; init; }

    /// <summary>Messages of failed requests with how often each came, the most frequent first.</summary>
    public required IReadOnlyList<(string Message, int Count)> Errors { get; init; }

    /// <summary>The same by kind.</summary>
    public required IReadOnlyList<(string Kind, int Count)> ErrorKinds { get; init; }

    public double RequestThroughput => PerSecond(Completed);
    public double OutputThroughput => PerSecond(OutputTokens);
    public double TotalThroughput => PerSecond(InputTokens + OutputTokens);

    /// <summary>Good requests per second.</summary>
    public double? Goodput => Good is { } good ? PerSecond(good) : null;

    public static BenchmarkSummary Of(IReadOnlyList<RequestResult> results, TimeSpan duration, ServiceLevel? level = null)
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
            TimeToFirstToken = Milliseconds(good.Select(r => r.TimeToFirstToken)),
            TimePerOutputToken = Milliseconds(good.Select(r => r.TimePerOutputToken).OfType<double>()),
            InterTokenLatency = Milliseconds(good.SelectMany(r => r.InterTokenLatencies)),
            EndToEnd = Milliseconds(good.Select(r => r.EndToEnd)),
            ArrivalTimeToFirstToken = Milliseconds(good.Select(r => r.ArrivalTimeToFirstToken)),
            ArrivalEndToEnd = Milliseconds(good.Select(r => r.ArrivalEndToEnd)),
            SendDelay = Milliseconds(good.Select(r => r.SendDelay)),
            QueueTime = Milliseconds(good.Select(r => r.QueueTime).OfType<double>()),
            Good = level is null ? null : good.Count(level.IsMetBy),
            Errors = Counted(results.Select(r => r.Error)),
            ErrorKinds = Counted(results.Where(r => r.Error is not null).Select(r => r.ErrorKind ?? "other")),
        };
    }

    private static Distribution Milliseconds(IEnumerable<double> seconds) => Distribution.Of(seconds.Select(s => s * 1000));

    private static IReadOnlyList<(string, int)> Counted(IEnumerable<string?> names) =>
        [.. names.OfType<string>().GroupBy(n => n, StringComparer.Ordinal).Select(g => (g.Key, g.Count())).OrderByDescending(e => e.Item2).ThenBy(e => e.Key, StringComparer.Ordinal)];

    private double PerSecond(double amount) => DurationSeconds > 0 ? amount / DurationSeconds : 0;
}
