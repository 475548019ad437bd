using System.Globalization;
using Octavo.LoadGenerator.Statistics;
using Spectre.Console;

namespace Octavo.LoadGenerator.Reporting;

/// <summary>The result as one table for people.</summary>
internal static class TableReport
{
    public static void Write(TextWriter output, BenchmarkSummary summary)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
        var table = new Table().Border(TableBorder.Rounded).Title("Serving benchmark");
        table.AddColumn("").AddColumns([.. new[] { "mean", "median", "p90", "p99", "max" }.Select(h => new TableColumn(h).RightAligned())]);
        Row("time to first token (ms)", summary.TimeToFirstToken);
        Row("time per output token (ms)", summary.TimePerOutputToken);
        Row("inter-token latency (ms)", summary.InterTokenLatency);
        Row("end to end (ms)", summary.EndToEnd);
        console.Write(table);
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{summary.Completed} requests completed, {summary.Failed} failed in {summary.DurationSeconds:0.00} s: {summary.RequestThroughput:0.00} requests/s, {summary.OutputThroughput:0.0} output tokens/s, {summary.TotalThroughput:0.0} tokens/s in all"));
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{summary.InputTokens} input tokens ({summary.CachedTokens} cached), {summary.OutputTokens} output tokens"));

        void Row(string name, Distribution d) =>
            table.AddRow([name, .. new[] { d.Mean, d.Median, d.P90, d.P99, d.Max }.Select(v => v.ToString("0.00", CultureInfo.InvariantCulture))]);
    }
}
