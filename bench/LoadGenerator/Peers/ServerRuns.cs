using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Peers;

/// <summary>The same requests against each server: prompts of 32 to 256 tokens, answers of 16 to 128, behind a shared prefix or none.</summary>
internal sealed class ServerRuns(PeersOptions options, PeerPrograms programs, TimeProvider timeProvider)
{
    private const int LongestPrompt = 256;
    private const int LongestAnswer = 128;
    private const int StaticBatch = 16;
    private IReadOnlyList<(int Prompt, int Answer)> lengths = [];

    /// <summary>octavo-serve.</summary>
    public async Task<IReadOnlyDictionary<string, double>> OctavoAsync(int clients, int prefix, CancellationToken cancellationToken)
    {
        var port = FreePort();
        await using var server = ChildProcess.Start(
            programs.OctavoProgram("octavo-serve"),
            ["--model", Path.Combine(options.Checkpoint, "bf16"), "--host", "127.0.0.1", "--port", $"{port}", "--cpu-threads", $"{options.Threads}", "--max-model-len", $"{prefix + (2 * (LongestPrompt + LongestAnswer))}"]);
        return await LoadAsync(server, "octavo", port, clients, prefix, cancellationToken);
    }

    /// <summary>llama-server with flash attention, continuous batching, a slot a client and its prompt cache on (both by default).</summary>
    public async Task<IReadOnlyDictionary<string, double>> LlamaAsync(int clients, int prefix, CancellationToken cancellationToken)
    {
        var port = FreePort();
        var context = clients * (prefix + LongestPrompt + LongestAnswer);
        var (program, arguments) = programs.Peer(
            ["llama-server", "-m", $"{options.PeerCheckpoint}/model-bf16.gguf", "--host", "127.0.0.1", "--port", $"{port}", "-t", $"{options.Threads}", "-tb", $"{options.Threads}",
                "-np", $"{clients}", "-c", $"{context}", "-b", "2048", "-ub", "512", "-fa", "on", "--cont-batching", "--cache-prompt", "--kv-unified"]);
        await using var server = ChildProcess.Start(program, arguments);
        return await LoadAsync(server, "llama-server", port, clients, prefix, cancellationToken);
    }

    /// <summary>transformers in static batches: requests of the lengths that the server before was sent.</summary>
    public async Task<IReadOnlyDictionary<string, double>> TransformersAsync(CancellationToken cancellationToken)
    {
        var requests = lengths.Select(l => (JsonNode)new JsonArray(l.Prompt, l.Answer)).ToArray();
        return await programs.TransformersAsync(new JsonObject { ["work"] = "batches", ["batch"] = StaticBatch, ["requests"] = new JsonArray(requests) }, cancellationToken);
    }

    /// <summary>A port of the loopback that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<IReadOnlyDictionary<string, double>> LoadAsync(ChildProcess server, string name, int port, int clients, int prefix, CancellationToken cancellationToken)
    {
        using var errors = new StringWriter();
        var run = await new ServeBenchmark(Load($"http://127.0.0.1:{port}", clients, prefix), timeProvider, TextWriter.Null, errors).MeasureAsync(cancellationToken);
        if (run is null || run.Summary.Failed > 0)
        {
            throw new PeerException($"{name}: {(run is null ? "no run" : run.Summary.Errors[0].Message)} {errors}\n{server.LastErrors}");
        }

        lengths = [.. run.Results.OrderBy(r => r.ScheduledAt).Select(r => (r.PromptTokens, r.OutputTokens))];
        return new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["output_tokens_per_second"] = run.Summary.OutputThroughput,
            ["ttft_p50"] = run.Summary.TimeToFirstToken.Median,
            ["ttft_p95"] = run.Summary.TimeToFirstToken.P95,
        };
    }

    private ServeOptions Load(string url, int clients, int prefix) => new()
    {
        BaseUrl = url,
        Endpoint = "/v1/completions",
        NumPrompts = options.Quick ? clients / 4 : clients,
        NumWarmups = options.Quick ? 0 : 2,
        MaxConcurrency = clients,
        InputLen = LengthDistribution.Parse($"32..{LongestPrompt}")!,
        OutputLen = LengthDistribution.Parse($"16..{LongestAnswer}")!,
        PrefixLen = prefix,
        VocabSize = 150_000,
        IgnoreEos = true,
        Temperature = 0,
        Quiet = true,
        NoMetrics = true,
        ReadyTimeout = TimeSpan.FromSeconds(60),
        Seed = 11,
    };
}
