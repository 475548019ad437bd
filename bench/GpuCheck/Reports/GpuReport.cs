using System.Text.Json.Serialization;
using Octavo.GpuCheck.Benchmarks;
using Octavo.GpuCheck.Testing;

namespace Octavo.GpuCheck.Reports;

/// <summary>What one run on a device found; kept in docs/gpu.</summary>
/// <param name="Date">Of the run, as a day.</param>
/// <param name="Commit">What was checked.</param>
/// <param name="Device">Null where none was opened.</param>
/// <param name="Sanitizer">By compute-sanitizer's tool: its last line.</param>
internal sealed record GpuReport(
    string Date, string Commit, DeviceFacts? Device, TestSummary Tests, IReadOnlyDictionary<string, string> Sanitizer, IReadOnlyList<GpuMeasurement> Benchmarks, IReadOnlyList<PeerComparison> Peers)
{
    /// <summary>Of the layout of this file.</summary>
    public string Format => "octavo-gpu-1";

    /// <summary>What was asked for and not reached.</summary>
    public IReadOnlyList<string> Missed =>
    [
        .. Benchmarks.Where(one => one.Met == false).Select(one => FormattableString.Invariant($"{one.Benchmark}, {one.Case}: {one.OfLimit:F2} of the limit, {one.Target:F2} wanted")),
        .. Peers.Where(one => one.Met == false).Select(one => FormattableString.Invariant($"{one.Case}: {one.Ratio:F2} of {one.Peer}, {one.Target:F2} wanted")),
    ];
}

/// <summary>The device and what was found on its machine.</summary>
internal sealed record DeviceFacts(string Name, string Libraries, long FreeBytes, double CopyTerabytes, double ProductTeraflops);

/// <summary>Tests on the device against the CPU.</summary>
internal sealed record TestSummary(int Passed, int Failed, int Skipped, IReadOnlyList<TestOutcome> Failures)
{
    public static TestSummary Of(IReadOnlyList<TestOutcome> outcomes) => new(
        outcomes.Count(one => one.Result == "passed"), outcomes.Count(one => one.Result == "failed"), outcomes.Count(one => one.Result == "skipped"),
        [.. outcomes.Where(one => one.Result == "failed")]);
}

/// <summary>A case beside somebody else's kernel on the same device.</summary>
internal sealed record PeerComparison(string Peer, string Case, double Ours, double Theirs, double Target)
{
    public double Ratio => Ours / Theirs;

    public bool? Met => Ratio >= Target;
}

/// <summary>What bench/gpu/sdpa.py writes.</summary>
internal sealed record PeerFigure(string Case, double Teraflops, string Version);

/// <summary>What the verb bench writes.</summary>
internal sealed record BenchmarkFile(DeviceFacts Device, IReadOnlyList<GpuMeasurement> Measurements);

/// <summary>Snake case, as the other reports have it.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GpuReport))]
[JsonSerializable(typeof(BenchmarkFile))]
[JsonSerializable(typeof(IReadOnlyList<TestOutcome>))]
[JsonSerializable(typeof(IReadOnlyList<PeerFigure>))]
internal sealed partial class ReportJson : JsonSerializerContext;
