using System.CommandLine;
using Octavo.EngineBench.Results;

namespace Octavo.EngineBench;

/// <summary>A verb that runs one experiment, prints its tables and writes them as JSON.</summary>
internal static class BenchCommand
{
    public static Command Create(string name, string description, Func<BenchOptions, ExperimentResult> run, TextWriter output) =>
        Create(name, description, [], (options, _) => run(options), output);

    /// <param name="further">The experiment's own flags.</param>
    public static Command Create(string name, string description, IReadOnlyList<Option> further, Func<BenchOptions, ParseResult, ExperimentResult> run, TextWriter output)
    {
        var model = new Option<string>("--model") { Description = "Folder of the checkpoint.", DefaultValueFactory = _ => Path.Combine("models", "octavo-tiny") };
        var threads = new Option<int>("--threads") { Description = "Threads of the CPU backend.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var dtype = new Option<string>("--dtype") { Description = "auto, float32 or bfloat16.", DefaultValueFactory = _ => "auto" };
        var instructions = new Option<string>("--cpu-instructions") { Description = "Instruction set of the CPU backend, as octavo-serve has it. kernels: also several, separated by commas, or all.", DefaultValueFactory = _ => "auto" };
        var rounds = new Option<int>("--rounds") { Description = "Measured rounds, of which medians are taken.", DefaultValueFactory = _ => 3 };
        var warmUp = new Option<double>("--warm-up") { Description = "Seconds before anything is measured.", DefaultValueFactory = _ => 3 };
        var brief = new Option<bool>("--short") { Description = "Fewer cases and requests." };
        var json = new Option<string?>("--json") { Description = "File for the result." };
        var command = new Command(name, description) { model, threads, dtype, instructions, rounds, warmUp, brief, json };
        foreach (var option in further)
        {
            command.Add(option);
        }

        command.SetAction(parsed =>
        {
            var options = new BenchOptions(
                parsed.GetValue(model)!, parsed.GetValue(threads), parsed.GetValue(dtype)!, Math.Max(1, parsed.GetValue(rounds)), parsed.GetValue(warmUp), parsed.GetValue(brief), parsed.GetValue(instructions)!);
            var result = run(options, parsed);
            ResultWriter.Print(result, options, output);
            if (parsed.GetValue(json) is { } path)
            {
                File.WriteAllText(path, ResultWriter.ToJson(result, options) + "\n");
            }
        });
        return command;
    }
}
