using System.Text.Json.Nodes;

namespace Octavo.LoadGenerator.Peers;

/// <summary>The works that are compared and the ratios that are aimed at.</summary>
internal static class PeerWorks
{
    private const string Llama = "llama.cpp";
    private const string Server = "llama-server";
    private const string Transformers = "transformers";
    private const string Rate = "output_tokens_per_second";

    public static IReadOnlyList<PeerWork> All(PeersOptions options, PeerPrograms programs, TimeProvider timeProvider)
    {
        var servers = new ServerRuns(options, programs, timeProvider);
        var starts = new StartRuns(options, programs, timeProvider);
        var (answer, batchAnswer) = options.Quick ? (24, 12) : (128, 64);
        return
        [
            new PeerWork("prefill", "prefill 512 tokens, bf16",
                [
                    Octavo(token => programs.EngineAsync("bf16", "bfloat16", 1, 512, 1, token)),
                    new(Llama, token => programs.LlamaBenchAsync("model-bf16.gguf", 512, 0, "prompt_tokens_per_second", token)),
                    new(Transformers, token => programs.TransformersAsync(new JsonObject { ["work"] = "prefill", ["tokens"] = 512, ["repeat"] = options.Quick ? 1 : 3 }, token)),
                ],
                [Tokens("prompt_tokens_per_second", (Llama, 3.5), (Transformers, 1.6))]),
            new PeerWork("decode", "decode, 1 stream, bf16",
                [
                    Octavo(token => DecodeAsync(options, programs, answer, token)),
                    new(Llama, token => programs.LlamaBenchAsync("model-bf16.gguf", 0, answer, Rate, token)),
                ],
                [Tokens(Rate, (Llama, 1.1)), new PeerMeasure("bandwidth_share", "of read bandwidth", false, None), new PeerMeasure("bandwidth", "GB/s read bandwidth", false, None)]),
            new PeerWork("decode32", "decode, 32 streams, bf16",
                [
                    Octavo(token => programs.EngineAsync("bf16", "bfloat16", 32, 128, batchAnswer, token)),
                    new(Llama, token => programs.LlamaBatchedAsync("model-bf16.gguf", 32, 128, batchAnswer, token)),
                ],
                [Tokens(Rate, (Llama, 3.0))]),
            Prefill4(options, programs, "prefill4", "AWQ; Q4_0 there", "awq", 1.3),
            Decode4(options, programs, "decode4", "AWQ; Q4_0 there", "awq", answer, 1.0),
            Prefill4(options, programs, "prefill4gguf", "the same Q4_0 file", "model-q4_0.gguf", null),
            Decode4(options, programs, "decode4gguf", "the same Q4_0 file", "model-q4_0.gguf", answer, null),
            new PeerWork("start", "start of a server, bf16, warm page cache", [Octavo(starts.OctavoAsync), new(Server, starts.LlamaAsync)],
                [new PeerMeasure("first_token", "s to the first token", true, None), new PeerMeasure("ready", "s until ready", true, None)]),
            Served(servers, 32, 0),
            Served(servers, 64, 0),
            Served(servers, 32, 512),
            Served(servers, 64, 512),
        ];
    }

    private static Dictionary<string, double> None { get; } = [];

    private static PeerWork Prefill4(PeersOptions options, PeerPrograms programs, string name, string forms, string form, double? target) => new(
        name, $"prefill 512 tokens, 4 bit ({forms})",
        [
            Octavo(token => programs.EngineAsync(form, "bfloat16", 1, 512, 1, token)),
            new(Llama, token => programs.LlamaBenchAsync("model-q4_0.gguf", 512, 0, "prompt_tokens_per_second", token)),
        ],
        [Tokens("prompt_tokens_per_second", target is { } ratio ? [(Llama, ratio)] : [])]);

    private static PeerWork Decode4(PeersOptions options, PeerPrograms programs, string name, string forms, string form, int answer, double? target) => new(
        name, $"decode, 1 stream, 4 bit ({forms})",
        [
            Octavo(token => programs.EngineAsync(form, "bfloat16", 1, 16, answer, token)),
            new(Llama, token => programs.LlamaBenchAsync("model-q4_0.gguf", 0, answer, Rate, token)),
        ],
        [Tokens(Rate, target is { } ratio ? [(Llama, ratio)] : [])]);

    private static PeerWork Served(ServerRuns servers, int clients, int prefix)
    {
        var shared = prefix > 0;
        List<PeerSide> sides =
        [
            new(PeerResult.Octavo, token => servers.OctavoAsync(clients, prefix, token), 2),
            new(Server, token => servers.LlamaAsync(clients, prefix, token), 2),
        ];
        if (!shared)
        {
            sides.Add(new(Transformers, servers.TransformersAsync, 1));
        }

        return new PeerWork(
            $"server{clients}{(shared ? "shared" : "")}", $"server, {clients} clients, {(shared ? $"a prefix of {prefix} tokens shared" : "nothing shared")}", sides,
            [
                shared ? Tokens(Rate, (Server, 4.0)) : Tokens(Rate, (Server, 3.5), (Transformers, 4.0)),
                new PeerMeasure("ttft_p50", "ms TTFT p50", true, None), new PeerMeasure("ttft_p95", "ms TTFT p95", true, new Dictionary<string, double>(StringComparer.Ordinal) { [Server] = 1.0 }),
            ]);
    }

    /// <summary>Beside the tokens what part of the memory's bandwidth they take: each token reads every weight once.</summary>
    private static async Task<IReadOnlyDictionary<string, double>> DecodeAsync(PeersOptions options, PeerPrograms programs, int tokens, CancellationToken cancellationToken)
    {
        var bandwidth = (await programs.EngineFiguresAsync(["bandwidth"], cancellationToken))["gigabytes_per_second"];
        var rate = (await programs.EngineAsync("bf16", "bfloat16", 1, 16, tokens, cancellationToken))[Rate];
        var weights = new FileInfo(Path.Combine(options.Checkpoint, "bf16", "model.safetensors")).Length;
        return new Dictionary<string, double>(StringComparer.Ordinal) { [Rate] = rate, ["bandwidth"] = bandwidth, ["bandwidth_share"] = rate * weights / 1e9 / bandwidth };
    }

    private static PeerSide Octavo(Func<CancellationToken, Task<IReadOnlyDictionary<string, double>>> measure) => new(PeerResult.Octavo, measure);

    private static PeerMeasure Tokens(string key, params (string Side, double Ratio)[] targets) =>
        new(key, "tok/s", false, targets.ToDictionary(t => t.Side, t => t.Ratio, StringComparer.Ordinal));
}
