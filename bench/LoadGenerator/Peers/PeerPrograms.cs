using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.LoadGenerator.Peers;

/// <summary>Octavo's programs and the peers', as they are called.</summary>
internal sealed class PeerPrograms(PeersOptions options)
{
    private readonly SortedDictionary<string, string> versions = new(StringComparer.Ordinal);

    /// <summary>By program, as far as they have run.</summary>
    public IReadOnlyDictionary<string, string> Versions => versions;

    public string OctavoProgram(string name) => Path.Combine(options.Bin, name);

    /// <summary>One workload of the engine alone.</summary>
    /// <param name="form">Of the checkpoint.</param>
    public async Task<IReadOnlyDictionary<string, double>> EngineAsync(string form, string dtype, int streams, int prompt, int output, CancellationToken cancellationToken) =>
        await EngineFiguresAsync(
            ["throughput", "--model", Path.Combine(options.Checkpoint, form), "--dtype", dtype, "--streams", $"{streams}", "--prompt-tokens", $"{prompt}", "--output-tokens", $"{output}",
                "--warm-up", "0", "--rounds", options.Quick ? "1" : "2"],
            cancellationToken);

    /// <summary>The figures of a verb of octavo-engine-bench.</summary>
    public async Task<IReadOnlyDictionary<string, double>> EngineFiguresAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var file = Path.Combine(options.Results, "peers-engine.tmp");
        await ChildProcess.RunAsync(OctavoProgram("octavo-engine-bench"), [.. arguments, "--threads", $"{options.Threads}", "--json", file], cancellationToken);
        var figures = JsonNode.Parse(await File.ReadAllTextAsync(file, cancellationToken))!["figures"]!.AsObject();
        File.Delete(file);
        return figures.ToDictionary(f => f.Key, f => f.Value!.GetValue<double>(), StringComparer.Ordinal);
    }

    /// <summary>Tokens per second of llama-bench.</summary>
    public async Task<IReadOnlyDictionary<string, double>> LlamaBenchAsync(string file, int prompt, int output, string key, CancellationToken cancellationToken)
    {
        var json = await PeerAsync(
            ["llama-bench", "-m", $"{options.PeerCheckpoint}/{file}", "-t", $"{options.Threads}", "-p", $"{prompt}", "-n", $"{output}", "-r", options.Quick ? "1" : "2", "-fa", "1", "-o", "json"], cancellationToken);
        var run = Parse(json, "llama-bench").AsArray()[0]!;
        versions["llama.cpp"] = $"{run["build_number"]} ({run["build_commit"]})";
        return Single(key, run["avg_ts"]!.GetValue<double>());
    }

    /// <summary>Tokens per second over all streams of llama-batched-bench.</summary>
    public async Task<IReadOnlyDictionary<string, double>> LlamaBatchedAsync(string file, int streams, int prompt, int output, CancellationToken cancellationToken)
    {
        var lines = await PeerAsync(
            ["llama-batched-bench", "-m", $"{options.PeerCheckpoint}/{file}", "-t", $"{options.Threads}", "-tb", $"{options.Threads}", "-c", $"{streams * (prompt + output)}", "-b", "2048", "-ub", "512",
                "-npp", $"{prompt}", "-ntg", $"{output}", "-npl", $"{streams}", "-fa", "on", "--output-format", "jsonl"],
            cancellationToken);
        var line = lines.Split('\n').FirstOrDefault(l => l.StartsWith('{')) ?? throw new PeerException($"llama-batched-bench printed no result: {lines}");
        return Single("output_tokens_per_second", Parse(line, "llama-batched-bench")["speed_tg"]!.GetValue<double>());
    }

    /// <summary>Calls the Python program.</summary>
    /// <param name="work">What it is to do; see there.</param>
    public async Task<IReadOnlyDictionary<string, double>> TransformersAsync(JsonObject work, CancellationToken cancellationToken)
    {
        // Into the peers' file system, where the program finds it.
        File.Copy(options.TransformersProgram, Path.Combine(options.Folder, "transformers_peer.py"), overwrite: true);
        work["model"] = options.PeerCheckpoint + "/bf16";
        work["threads"] = options.Threads;
        var output = await PeerAsync(["python3", $"{options.PeerFolder}/transformers_peer.py", work.ToJsonString()], cancellationToken);
        var result = Parse(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "", "transformers_peer.py").AsObject();
        versions["transformers"] = $"{result["transformers"]}, torch {result["torch"]}, attention {result["attention"]}";
        return result["figures"]!.AsObject().ToDictionary(f => f.Key, f => f.Value!.GetValue<double>(), StringComparer.Ordinal);
    }

    /// <summary>How a program of the peers is started.</summary>
    public (string Program, IReadOnlyList<string> Arguments) Peer(IReadOnlyList<string> command) =>
        options.Peers == "/" ? (command[0], [.. command.Skip(1)]) : ("chroot", [options.Peers, .. command]);

    public async Task<string> OctavoVersionAsync(CancellationToken cancellationToken) =>
        versions["octavo"] = (await ChildProcess.RunAsync(OctavoProgram("octavo-serve"), ["--version"], cancellationToken)).Trim();

    private async Task<string> PeerAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var (program, arguments) = Peer(command);
        return await ChildProcess.RunAsync(program, arguments, cancellationToken);
    }

    private static JsonNode Parse(string json, string program)
    {
        try
        {
            return JsonNode.Parse(json)!;
        }
        catch (JsonException e)
        {
            throw new PeerException($"{program}: {e.Message}: {json}");
        }
    }

    private static Dictionary<string, double> Single(string key, double value) => new(StringComparer.Ordinal) { [key] = value };
}
