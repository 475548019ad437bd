using System.Globalization;
using Octavo.LoadGenerator.Statistics;
using Spectre.Console;

namespace Octavo.LoadGenerator.Reporting;

/// <summary>The result as one table for people.</summary>
internal static class TableReport
{
    public static void Write(TextWriter output, BenchmarkSummary summary)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            // A file or a pipe gets no escape sequences; NO_COLOR and dumb terminals are found by detection.
            Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        var table = new Table().Border(TableBorder.Rounded);
        table.AddColumn("latency, ms").AddColumns([.. new[] { "mean", "median", "p90", "p99", "max" }.Select(h => new TableColumn(h).RightAligned())]);
        Row("time to first token", summary.TimeToFirstToken);
        Row("time per output token", summary.TimePerOutputToken);
        Row("between tokens", summary.InterTokenLatency);
        Row("end to end", summary.EndToEnd);
        console.Write(table);
        Line($"requests    {summary.Completed} completed, {summary.Failed} failed in {summary.DurationSeconds:0.00} s: {summary.RequestThroughput:0.00} per second");
        Line($"throughput  {summary.OutputThroughput:0.0} output tokens/s, {summary.TotalThroughput:0.0} tokens/s in all");
        Line($"tokens      {summary.InputTokens} in ({summary.CachedTokens} cached), {summary.OutputTokens} out");

        // Not through the console, which would break lines at its width.
        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

        void Row(string name, Distribution d) =>
            table.AddRow([name, .. new[] { d.Mean, d.Median, d.P90, d.P99, d.Max }.Select(v => v.ToString("0.00", CultureInfo.InvariantCulture))]);
    }
}
