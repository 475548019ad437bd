using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.GpuCheck.Reports;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>Kernels alone, beside what the device does with the plainest work.</summary>
internal static class BenchCommand
{
    public static Command Create(TextWriter output)
    {
        var only = new Option<string>("--only") { Description = "Part of the benchmarks' names.", DefaultValueFactory = _ => "" };
        var round = new Option<double>("--round-ms") { Description = "Milliseconds of each of nine rounds of a case.", DefaultValueFactory = _ => 20 };
        var tiny = new Option<bool>("--tiny") { Description = "Tiny sizes: to see this program through, not to measure." };
        var json = new Option<string?>("--json") { Description = "File for the figures." };
        var command = new Command("bench", "Times of kernels, by the device's own clock.") { only, round, tiny, json };
        command.SetAction(parsed =>
        {
            using var device = new BenchDevice(NullLogger.Instance, parsed.GetValue(round), parsed.GetValue(tiny));
            var limits = GpuLimits.Measure(device);
            var facts = new DeviceFacts(device.Backend.Opened.Name, device.Backend.Description, device.Backend.Opened.FreeBytes(), limits.CopyBytes / 1e6, limits.ProductFlops / 1e6);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{facts.Libraries}: copies {facts.CopyTerabytes:F2} TB/s, products {facts.ProductTeraflops:F0} TFLOP/s"));
            var measurements = new List<GpuMeasurement>();
            var part = parsed.GetValue(only)!;
            foreach (var benchmark in (IGpuBenchmark[])[new DecodeAttention(), new PrefillAttention(), new MatrixProductsBenchmark(), new ExpertsBenchmark(), new RowKernels(), new SamplingBenchmark(), new DecodeStep()])
            {
                if (benchmark.Name.Contains(part, StringComparison.OrdinalIgnoreCase))
                {
                    foreach (var measurement in benchmark.Run(device, limits))
                    {
                        measurements.Add(measurement);
                        output.WriteLine(parsed.GetValue(tiny) ? $"{measurement.Benchmark,-18} {measurement.Case}: ran, at tiny sizes" : Line(measurement));
                    }
                }
            }

            if (parsed.GetValue(json) is { } path)
            {
                // What was asked for is written at tiny sizes, too, so that the report can be seen through; it says that these are no figures.
                var named = parsed.GetValue(tiny) ? facts with { Name = $"{facts.Name}, tiny sizes: no figures" } : facts;
                File.WriteAllText(path, JsonSerializer.Serialize(new BenchmarkFile(named, measurements), ReportJson.Default.BenchmarkFile));
            }
        });
        return command;
    }

    private static string Line(GpuMeasurement one) => string.Create(
        CultureInfo.InvariantCulture, $"{one.Benchmark,-18} {one.Case,-64} {one.Microseconds,10:F1} us {one.Value,8:F2} {one.Unit,-8} {one.OfLimit,5:P0}{(one.Met is { } met ? met ? "  met" : "  MISSED" : "")}");
}
