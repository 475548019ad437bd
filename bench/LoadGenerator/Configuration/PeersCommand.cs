using System.CommandLine;
using Octavo.LoadGenerator.Peers;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>The verb <c>peers</c>: Octavo beside llama.cpp and transformers on this machine.</summary>
internal static class PeersCommand
{
    public static Command Create(Func<PeersOptions, CancellationToken, Task<int>> run)
    {
        var peers = new Option<string>("--peers") { Description = "Root of the file system where llama.cpp and transformers are installed (bench/peers/setup makes one); /: here.", Required = true };
        var bin = new Option<string>("--bin") { Description = "Folder of Octavo's executables.", DefaultValueFactory = _ => AppContext.BaseDirectory };
        var program = new Option<string>("--transformers-program") { Description = "bench/peers/transformers_peer.py.", DefaultValueFactory = _ => Path.Combine("bench", "peers", "transformers_peer.py") };
        var results = new Option<string>("--results") { Description = "Folder of peers.json and peers.html.", DefaultValueFactory = _ => Path.Combine("artifacts", "bench") };
        var shape = new Option<string>("--shape") { Description = "Published shape of the random checkpoint.", DefaultValueFactory = _ => "qwen2.5-0.5b" };
        var threads = new Option<int>("--threads") { Description = "Threads of every program.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of which medians are taken; of servers two at most.", DefaultValueFactory = _ => 3 };
        var only = new Option<string[]>("--only") { Description = "Works to do: prefill decode decode32 prefill4 decode4 prefill4gguf decode4gguf start server32 server64 server32shared server64shared.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
        var quick = new Option<bool>("--quick") { Description = "One round of little work: whether everything runs." };
        var command = new Command("peers", "Runs the same work with Octavo, llama.cpp and transformers in turn: a table of medians and ratios, JSON and a page.")
        {
            peers, bin, program, results, shape, threads, rounds, only, quick,
        };
        command.SetAction((parsed, cancellationToken) => run(
            new PeersOptions
            {
                Peers = parsed.GetValue(peers)!,
                Bin = parsed.GetValue(bin)!,
                TransformersProgram = parsed.GetValue(program)!,
                Results = parsed.GetValue(results)!,
                Shape = parsed.GetValue(shape)!,
                Threads = Math.Max(1, parsed.GetValue(threads)),
                Rounds = Math.Max(1, parsed.GetValue(rounds)),
                Only = [.. parsed.GetValue(only)!.SelectMany(o => o.Split(',', StringSplitOptions.RemoveEmptyEntries))],
                Quick = parsed.GetValue(quick),
            },
            cancellationToken));
        return command;
    }
}
