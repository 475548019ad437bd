using Octavo.EngineBench.Results;
using Octavo.EngineBench.Throughput;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Profiling;

namespace Octavo.EngineBench.Profile;

/// <summary>Where the time of a step goes, by operation of the backend; what remains is scheduling, sampling and the engine's own code.</summary>
internal static class ProfileExperiment
{
    private static readonly Workload[] Workloads =
    [
        new("load", 0, 0, 0),
        new("decode, 1 stream", 1, 64, 48),
        new("decode, 32 streams", 32, 64, 24),
        new("prefill 512", 1, 512, 1),
        new("prefill 4 x 512", 4, 512, 1),
    ];

    /// <param name="only">Part of the names of the workloads to run.</param>
    public static ExperimentResult Run(BenchOptions options, string only)
    {
        var time = TimeProvider.System;
        var backend = new ProfilingBackend(new CpuBackend(options.Threads), time);
        var start = time.GetTimestamp();
        using var harness = new EngineHarness(options.Engine with { EnablePrefixCaching = false }, 0, backend);
        var loaded = time.GetElapsedTime(start).TotalSeconds;
        var tables = new List<ResultTable>();
        var figures = new Dictionary<string, double>(StringComparer.Ordinal) { ["load_seconds"] = loaded };
        var random = new Random(3);
        foreach (var workload in Workloads.Where(w => w.Name.Contains(only, StringComparison.Ordinal)))
        {
            if (workload.Streams == 0)
            {
                tables.Add(Table(workload.Name, backend.Timings, 1, loaded, 0, 0, time));
                continue;
            }

            // The first run compiles and grows buffers.
            Measure(harness, backend, workload, random);
            var runs = Enumerable.Range(0, options.Rounds).Select(_ => Measure(harness, backend, workload, random)).OrderBy(run => run.Seconds / run.Steps).ToList();
            var median = runs[runs.Count / 2];
            tables.Add(Table(workload.Name, median.Timings, median.Steps, median.Seconds, median.ScheduleSeconds, median.Allocated, time));
            figures[$"step_microseconds {workload.Name}"] = median.Seconds / median.Steps * 1e6;
        }

        return new ExperimentResult("profile", $"Time by operation, {backend.Description}", tables, figures);
    }

    private static (IReadOnlyList<KernelTiming> Timings, long Steps, double Seconds, double ScheduleSeconds, long Allocated) Measure(
        EngineHarness harness, ProfilingBackend backend, Workload workload, Random random)
    {
        for (var stream = 0; stream < workload.Streams; stream++)
        {
            harness.Add(harness.Prompt(workload.PromptTokens, random), workload.OutputTokens);
        }

        // A prompt's own step is the measure of prefill; of decoding it is what comes before.
        var decodes = workload.OutputTokens > 1;
        for (var produced = 0; decodes && produced < 2 * workload.Streams;)
        {
            produced += harness.Step().Count;
        }

        backend.Reset();
        var before = harness.Engine.Stats;
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        while (harness.Engine.HasUnfinishedRequests)
        {
            harness.Step();
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var after = harness.Engine.Stats;
        return (backend.Timings, after.Steps - before.Steps, after.StepSeconds - before.StepSeconds, after.ScheduleSeconds - before.ScheduleSeconds, allocated);
    }

    private static ResultTable Table(string name, IReadOnlyList<KernelTiming> timings, long steps, double seconds, double scheduleSeconds, long allocated, TimeProvider time)
    {
        var frequency = (double)time.TimestampFrequency;
        var rows = timings.Select(t =>
        {
            var spent = t.Ticks / frequency;
            return Row(t.Operation, t.Calls / (double)steps, spent / t.Calls, spent, t.MultiplyAdds * 2 / spent / 1e9, t.WeightBytes / spent / 1e9);
        }).ToList();
        var kernels = timings.Sum(t => t.Ticks) / frequency;
        rows.Add(Row("scheduler", 0, 0, scheduleSeconds, 0, 0));
        rows.Add(Row("rest", 0, 0, seconds - kernels - scheduleSeconds, 0, 0));
        rows.Add(Row("all", 0, 0, seconds, timings.Sum(t => t.MultiplyAdds) * 2 / seconds / 1e9, timings.Sum(t => t.WeightBytes) / seconds / 1e9));
        return new ResultTable(name, ["operation", "calls/step", "µs/call", "µs/step", "share %", "GFLOP/s", "GB/s"], rows, $"{steps} steps, {allocated} bytes allocated on the engine's thread");

        string[] Row(string operation, double calls, double perCall, double spent, double gigaflops, double gigabytes) =>
        [
            operation, Shown(calls, "F1"), Shown(perCall * 1e6, "F1"), ResultWriter.Text(spent / steps * 1e6, "F0"), ResultWriter.Text(spent / seconds * 100, "F1"),
            Shown(gigaflops, "F0"), Shown(gigabytes, "F1"),
        ];
    }

    private static string Shown(double value, string format) => value == 0 ? "" : ResultWriter.Text(value, format);
}
