using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using Octavo.GpuCheck.Reports;

namespace Octavo.GpuCheck.Testing;

/// <summary>The tests of the CUDA backend on this machine's device.</summary>
internal static class TestsCommand
{
    private static readonly string[] Assemblies = ["Octavo.ServingRuntime.Kernels.Tests", "Octavo.ServingRuntime.Engine.Tests"];

    // Of kernels, and of engines.
    private static readonly string[] Folders = [".Cuda.", ".Devices."];

    public static Command Create(TextWriter output)
    {
        var only = new Option<string>("--only") { Description = "Part of the tests' full names.", DefaultValueFactory = _ => "" };
        var host = new Option<bool>("--host") { Description = "Over the tests' own driver on the CPU instead of a device: to look at this program where no GPU is." };
        var json = new Option<string?>("--json") { Description = "File for the outcomes." };
        var command = new Command("tests", "Kernels and models on the device, beside the CPU.") { only, host, json };
        command.SetAction(parsed =>
        {
            // The tests read it when their first fixture is made.
            Environment.SetEnvironmentVariable("OCTAVO_TEST_GPU", parsed.GetValue(host) ? null : "1");
            var part = parsed.GetValue(only)!;
            var outcomes = Assemblies.SelectMany(name => TestRun.Of(
                Assembly.Load(name), test => Folders.Any(folder => test.Contains(folder, StringComparison.Ordinal)) && test.Contains(part, StringComparison.OrdinalIgnoreCase), outcome => Tell(outcome, output))).ToList();
            var sum = TestSummary.Of(outcomes);
            output.WriteLine($"{sum.Passed} passed, {sum.Failed} failed, {sum.Skipped} skipped");
            if (parsed.GetValue(json) is { } path)
            {
                File.WriteAllText(path, JsonSerializer.Serialize(outcomes, ReportJson.Default.IReadOnlyListTestOutcome));
            }

            return sum.Failed == 0 && sum.Passed > 0 ? 0 : 1;
        });
        return command;
    }

    private static void Tell(TestOutcome outcome, TextWriter output)
    {
        if (outcome.Result != "passed")
        {
            output.WriteLine($"{outcome.Result}: {outcome.Name}: {outcome.Message}");
        }
    }
}
