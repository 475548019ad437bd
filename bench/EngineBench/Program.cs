using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.EngineBench;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;

var model = new Option<string>("--model") { Description = "Folder of the checkpoint.", DefaultValueFactory = _ => Path.Combine("models", "octavo-tiny") };
var threads = new Option<int>("--threads") { Description = "Threads of the CPU backend.", DefaultValueFactory = _ => Environment.ProcessorCount };
var dtype = new Option<string>("--dtype") { Description = "auto, float32 or bfloat16.", DefaultValueFactory = _ => "auto" };
var rounds = new Option<int>("--rounds") { Description = "Measured rounds of each workload, after one that is not counted.", DefaultValueFactory = _ => 7 };
var warmUpSeconds = new Option<double>("--warm-up") { Description = "Seconds before anything is measured.", DefaultValueFactory = _ => 3 };
var only = new Option<string>("--only") { Description = "Part of the names of the workloads to run.", DefaultValueFactory = _ => "" };
var command = new RootCommand("Measures the engine without HTTP: tokens per second by concurrency, medians of several rounds.") { model, threads, dtype, rounds, warmUpSeconds, only };
command.SetAction(parsed =>
{
    Workload[] workloads =
    [
        new("decode, 1 stream", 1, 16, 256),
        new("decode, 8 streams", 8, 16, 256),
        new("decode, 32 streams", 32, 16, 256),
        new("decode, 256 streams", 256, 16, 64),
        new("prefill 512", 1, 512, 1),
        new("prefill 8 x 512", 8, 512, 1),
        new("mixed, 32 x (256 + 64)", 32, 256, 64),
    ];
    using var engine = EngineCoreFactory.Create(
        new EngineOptions { ModelPath = parsed.GetValue(model)!, CpuThreads = parsed.GetValue(threads), DType = parsed.GetValue(dtype)!, EnablePrefixCaching = false },
        TimeProvider.System, NullLogger.Instance);
    Console.WriteLine($"{parsed.GetValue(model)}, {parsed.GetValue(threads)} threads, dtype {parsed.GetValue(dtype)}, median of {parsed.GetValue(rounds)}");
    Console.WriteLine($"{"workload",-24} {"prompt tok/s",14} {"output tok/s",14} {"step µs",10} {"cpu µs/prompt",14} {"cpu µs/output",14} {"bytes/token",12}");
    var round = 0;

    // The just-in-time compiler takes some seconds to settle.
    var warmUp = TimeProvider.System.GetTimestamp();
    while (TimeProvider.System.GetElapsedTime(warmUp).TotalSeconds < parsed.GetValue(warmUpSeconds))
    {
        Measurement.Run(engine, new Workload("", 4, 40, 40), round++, TimeProvider.System);
    }

    foreach (var workload in workloads.Where(workload => workload.Name.Contains(parsed.GetValue(only)!, StringComparison.Ordinal)))
    {
        Measurement.Run(engine, workload, round++, TimeProvider.System);
        var runs = Enumerable.Range(0, parsed.GetValue(rounds)).Select(_ => Measurement.Run(engine, workload, round++, TimeProvider.System)).ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{workload.Name,-24} {Median(runs, run => run.PromptTokensPerSecond),14:F0} {Median(runs, run => run.OutputTokensPerSecond),14:F0} {Median(runs, run => run.StepMicroseconds),10:F1} {Median(runs, run => run.CpuMicrosecondsPerPrompt),14:F1} {Median(runs, run => run.CpuMicrosecondsPerOutput),14:F1} {Median(runs, run => run.AllocatedBytesPerToken),12:F0}"));
    }
});
return command.Parse(args).Invoke();

static double Median(List<Measurement> runs, Func<Measurement, double> value) => runs.Select(value).Order().ElementAt(runs.Count / 2);
