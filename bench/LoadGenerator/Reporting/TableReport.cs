using System.Globalization;
using Octavo.LoadGenerator.Statistics;
using Spectre.Console;

namespace Octavo.LoadGenerator.Reporting;

/// <summary>The result as one table for people.</summary>
internal static class TableReport
{
    /// <summary>Above this a latency from arrival differs enough from the one from sending to be shown.</summary>
    private const double NotableDelayMilliseconds = 1;

    /// <summary>Of a console that does not tell, the library believes 80, at which rows are broken.</summary>
    private const int LeastWidth = 110;

    public static void Write(TextWriter output, RunMeasurement run)
    {
        var summary = run.Summary;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            // A file or a pipe gets no escape sequences; NO_COLOR and dumb terminals are found by detection.
            Ansi = Console.IsOutputRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        });
        console.Profile.Width = Math.Max(console.Profile.Width, LeastWidth);
        var table = new Table().Border(TableBorder.Rounded);
        table.AddColumn("latency, ms").AddColumns([.. new[] { "mean", "p50", "p90", "p95", "p99", "max" }.Select(h => new TableColumn(h).RightAligned())]);
        Row("time to first token", summary.TimeToFirstToken);
        Row("time per output token", summary.TimePerOutputToken);
        Row("between tokens", summary.InterTokenLatency);
        Row("end to end", summary.EndToEnd);
        if (summary.SendDelay.P99 > NotableDelayMilliseconds)
        {
            Row("sent after arrival", summary.SendDelay);
            Row("TTFT since arrival", summary.ArrivalTimeToFirstToken);
            Row("E2EL since arrival", summary.ArrivalEndToEnd);
        }

        if (summary.QueueTime.Quantiles.Count > 0)
        {
            Row("in the queue", summary.QueueTime);
        }

        console.Write(table);
        Line($"requests    {summary.Completed} completed, {summary.Failed} failed in {summary.DurationSeconds:0.00} s: {summary.RequestThroughput:0.00} per second");
        Line($"throughput  {summary.OutputThroughput:0.0} output tokens/s, {summary.TotalThroughput:0.0} tokens/s in all");
        Line($"tokens      {summary.InputTokens} in ({summary.CachedTokens} cached), {summary.OutputTokens} out");
        if (summary.Goodput is { } goodput)
        {
            Line($"goodput     {goodput:0.00} requests/s ({summary.Good} of {summary.Completed + summary.Failed}) with {run.Options.Goodput}");
        }

        if (summary.ErrorKinds.Count > 0)
        {
            Line($"failures    {string.Join(", ", summary.ErrorKinds.Select(e => $"{e.Count} {e.Kind}"))}");
        }

        if (run.Server is { } server)
        {
            Line($"server      prefix cache hits {server.PrefixCacheHitRate ?? 0:P1}, {server.Preemptions ?? 0:0} preemptions, KV cache at most {server.PeakKVCacheUsage ?? 0:P1}, {server.MeanStepTokens ?? 0:0.0} tokens a step, {server.CpuSeconds ?? 0:0.00} CPU s");
        }

        Line($"client      {run.ClientCpuShare:P0} of {Environment.ProcessorCount} cores, {run.ClientCpuMicrosecondsPerToken:0.0} µs a token");

        // Not through the console, which would break lines at its width.
        void Line(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));

        void Row(string name, Distribution d) =>
            table.AddRow([name, .. new[] { d.Mean, d.Median, d.P90, d.P95, d.P99, d.Max }.Select(v => v.ToString("0.00", CultureInfo.InvariantCulture))]);
    }
}
