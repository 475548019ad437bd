using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Metrics;
using Octavo.LoadGenerator.Statistics;

namespace Octavo.LoadGenerator;

/// <summary>One run, measured.</summary>
/// <param name="Server">What the server's metrics say; null: nothing.</param>
/// <param name="ClientCpuSeconds">Processor time of this client during the run: it is taken from the server where they share a machine.</param>
internal sealed record RunMeasurement(
    ServeOptions Options, string Model, IReadOnlyList<RequestResult> Results, BenchmarkSummary Summary, Timeline Timeline, ServerReport? Server, double ClientCpuSeconds)
{
    /// <summary>Part of all cores that the client used, 0..1.</summary>
    public double ClientCpuShare => Summary.DurationSeconds > 0 ? ClientCpuSeconds / Summary.DurationSeconds / Environment.ProcessorCount : 0;

    public double ClientCpuMicrosecondsPerToken => Summary.OutputTokens > 0 ? ClientCpuSeconds * 1e6 / Summary.OutputTokens : 0;

    /// <summary>How reports call it.</summary>
    public string Name => Options.Label ?? (Options.MaxConcurrency, double.IsFinite(Options.RequestRate)) switch
    {
        ({ } streams, false) => $"{streams} at once",
        (null, true) => FormattableString.Invariant($"{Options.RequestRate}/s"),
        ({ } streams, true) => FormattableString.Invariant($"{Options.RequestRate}/s, at most {streams}"),
        _ => "all at once",
    };
}
