using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Octavo.GpuCheck.Benchmarks;

namespace Octavo.GpuCheck.Reports;

/// <summary>Puts what the other verbs and bench/gpu/check found into one file.</summary>
internal static class ReportCommand
{
    private const double LeastOfPeer = 0.8;

    public static Command Create(TextWriter output)
    {
        var folder = new Option<string>("--from") { Description = "Folder with tests.json, bench.json, sdpa.json and sanitizer-*.txt, as far as they are there.", Required = true };
        var date = new Option<string>("--date") { Description = "Of the run, such as 2026-11-22.", Required = true };
        var commit = new Option<string>("--commit") { Description = "What was checked.", Required = true };
        var file = new Option<string>("--output") { Description = "The report.", Required = true };
        var command = new Command("report", "One report of a whole run.") { folder, date, commit, file };
        command.SetAction(parsed =>
        {
            var from = parsed.GetValue(folder)!;
            var tests = Read(from, "tests.json", ReportJson.Default.IReadOnlyListTestOutcome) ?? [];
            var bench = Read(from, "bench.json", ReportJson.Default.BenchmarkFile);
            var peers = Read(from, "sdpa.json", ReportJson.Default.IReadOnlyListPeerFigure) ?? [];
            var report = new GpuReport(
                parsed.GetValue(date)!, parsed.GetValue(commit)!, bench?.Device, TestSummary.Of(tests), Sanitizer(from), bench?.Measurements ?? [], [.. Compare(bench?.Measurements ?? [], peers)]);
            File.WriteAllText(parsed.GetValue(file)!, JsonSerializer.Serialize(report, ReportJson.Default.GpuReport) + "\n");
            foreach (var missed in report.Missed)
            {
                output.WriteLine($"missed: {missed}");
            }

            // Cases are matched by their words: figures that nothing of ours stands beside would be a target that nobody looks at.
            var alone = peers.Select(peer => peer.Case).Except(report.Peers.Select(one => one.Case)).ToList();
            alone.ForEach(one => output.WriteLine($"no figure of ours beside PyTorch's: {one}"));
            output.WriteLine($"{report.Tests.Passed} passed, {report.Tests.Failed} failed, {report.Tests.Skipped} skipped; {report.Benchmarks.Count} figures, {report.Missed.Count} below their target: {parsed.GetValue(file)}");
            return report.Tests.Failed == 0 && report.Tests.Passed > 0 && alone.Count == 0 ? 0 : 1;
        });
        return command;
    }

    private static IEnumerable<PeerComparison> Compare(IReadOnlyList<GpuMeasurement> ours, IReadOnlyList<PeerFigure> theirs) =>
        from one in ours
        join other in theirs on one.Case equals other.Case
        where one.Unit == "TFLOP/s"
        select new PeerComparison($"PyTorch {other.Version} scaled_dot_product_attention", one.Case, one.Value, other.Teraflops, LeastOfPeer);

    /// <summary>compute-sanitizer ends with a line of its own, which begins with a row of equal signs.</summary>
    private static Dictionary<string, string> Sanitizer(string folder) => Directory.EnumerateFiles(folder, "sanitizer-*.txt").Order(StringComparer.Ordinal).ToDictionary(
        file => Path.GetFileNameWithoutExtension(file)["sanitizer-".Length..],
        file => File.ReadLines(file).LastOrDefault(line => line.StartsWith("========= ", StringComparison.Ordinal))?.TrimStart('=', ' ') ?? "did not end",
        StringComparer.Ordinal);

    private static T? Read<T>(string folder, string name, JsonTypeInfo<T> type) where T : class
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path), type) : null;
    }
}
