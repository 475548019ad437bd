using System.CommandLine;
using Octavo.EngineBench;
using Octavo.EngineBench.Batching;
using Octavo.EngineBench.Checkpoints;
using Octavo.EngineBench.Memory;
using Octavo.EngineBench.Overhead;
using Octavo.EngineBench.Profile;
using Octavo.EngineBench.Speculation;
using Octavo.EngineBench.Throughput;

var only = new Option<string>("--only") { Description = "Part of the names of the workloads to run.", DefaultValueFactory = _ => "" };
var slots = new Option<int>("--slots") { Description = "Requests in a batch.", DefaultValueFactory = _ => 32 };
var root = new RootCommand("Measures the engine without HTTP.")
{
    BenchCommand.Create("throughput", "Tokens per second by concurrency.", [only], (options, parsed) => ThroughputExperiment.Run(options, parsed.GetValue(only)!), Console.Out),
    BenchCommand.Create("batching", "Continuous against static batching.", [slots], (options, parsed) => BatchingExperiment.Run(options, parsed.GetValue(slots)), Console.Out),
    BenchCommand.Create("overhead", "Scheduler and block pool by step; bytes allocated by token.", OverheadExperiment.Run, Console.Out),
    BenchCommand.Create("fragmentation", "KV slots that hold no token.", FragmentationExperiment.Run, Console.Out),
    BenchCommand.Create("speculation", "Prompt lookup on and off.", SpeculationExperiment.Run, Console.Out),
    BenchCommand.Create("preemption", "Throughput when KV blocks run out.", PreemptionExperiment.Run, Console.Out),
    BenchCommand.Create("profile", "What a step's time goes into: kernels, scheduler, the rest.", [only], (options, parsed) => ProfileExperiment.Run(options, parsed.GetValue(only)!), Console.Out),
    CheckpointCommand.Create(Console.Out, Console.Error),
};
return root.Parse(args).Invoke();
