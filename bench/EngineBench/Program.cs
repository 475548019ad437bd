using System.CommandLine;
using Octavo.EngineBench;
using Octavo.EngineBench.Bandwidth;
using Octavo.EngineBench.Batching;
using Octavo.EngineBench.Checkpoints;
using Octavo.EngineBench.Kernels;
using Octavo.EngineBench.Memory;
using Octavo.EngineBench.Overhead;
using Octavo.EngineBench.Perplexity;
using Octavo.EngineBench.Profile;
using Octavo.EngineBench.Speculation;
using Octavo.EngineBench.Throughput;

var only = new Option<string>("--only") { Description = "Part of the names of the workloads or cases to run.", DefaultValueFactory = _ => "" };
var text = new Option<string>("--text") { Description = "File of text or token ids, as for octavo quantize --calibration.", Required = true };
var reference = new Option<string?>("--reference") { Description = "Folder of a model that predictions are compared with." };
var slots = new Option<int>("--slots") { Description = "Requests in a batch.", DefaultValueFactory = _ => 32 };
var rows = new Option<string>("--rows") { Description = "Rows of activations, separated by commas.", DefaultValueFactory = _ => "1,4,16,32,128,512" };
var tables = new Option<string>("--tables") { Description = "Tables to measure, separated by commas. Default: all.", DefaultValueFactory = _ => "" };
var streams = new Option<int>("--streams") { Description = "One workload of this many requests instead of the usual ones." };
var prompt = new Option<int>("--prompt-tokens") { Description = "Tokens of each of its prompts.", DefaultValueFactory = _ => 16 };
var answer = new Option<int>("--output-tokens") { Description = "Tokens of each of its answers.", DefaultValueFactory = _ => 1 };
var root = new RootCommand("Measures the engine without HTTP.")
{
    BenchCommand.Create("throughput", "Tokens per second by concurrency.", [only, streams, prompt, answer], (options, parsed) => ThroughputExperiment.Run(
        options, parsed.GetValue(only)!, parsed.GetValue(streams) is > 0 and var count ? new Workload("given", count, parsed.GetValue(prompt), parsed.GetValue(answer)) : null), Console.Out),
    BenchCommand.Create("bandwidth", "How fast memory can be read.", BandwidthExperiment.Run, Console.Out),
    BenchCommand.Create("batching", "Continuous against static batching.", [slots], (options, parsed) => BatchingExperiment.Run(options, parsed.GetValue(slots)), Console.Out),
    BenchCommand.Create("overhead", "Scheduler and block pool by step; bytes allocated by token.", OverheadExperiment.Run, Console.Out),
    BenchCommand.Create("fragmentation", "KV slots that hold no token.", FragmentationExperiment.Run, Console.Out),
    BenchCommand.Create("speculation", "Prompt lookup on and off.", SpeculationExperiment.Run, Console.Out),
    BenchCommand.Create("preemption", "Throughput when KV blocks run out.", PreemptionExperiment.Run, Console.Out),
    BenchCommand.Create("profile", "What a step's time goes into: kernels, scheduler, the rest.", [only], (options, parsed) => ProfileExperiment.Run(options, parsed.GetValue(only)!), Console.Out),
    BenchCommand.Create("perplexity", "How well the model predicts a text, and how far it is from another in that.", [text, reference], (options, parsed) => PerplexityExperiment.Run(options, parsed.GetValue(text)!, parsed.GetValue(reference)), Console.Out),
    CheckpointCommand.Create(Console.Out, Console.Error),
    BenchCommand.Create(
        "kernels", "Kernels alone, beside what the machine can do at most.", [rows, tables, only],
        (options, parsed) => KernelsExperiment.Run(options, parsed.GetValue(rows)!, parsed.GetValue(tables)!, parsed.GetValue(only)!), Console.Out),
};
return root.Parse(args).Invoke();
