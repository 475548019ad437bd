using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Octavo.LoadGenerator.Peers;

/// <summary>How long a server takes from the start of its process until it says that it is ready, and until a first request for one token is answered; its checkpoint is in the page cache.</summary>
internal sealed class StartRuns(PeersOptions options, PeerPrograms programs, TimeProvider timeProvider)
{
    private const int PromptTokens = 16;
    private const int FirstToken = 1000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>octavo-serve until /ready: loaded and warmed up.</summary>
    public async Task<IReadOnlyDictionary<string, double>> OctavoAsync(CancellationToken cancellationToken)
    {
        await ReadAsync(Path.Combine(options.Checkpoint, "bf16", "model.safetensors"), cancellationToken);
        return await MeasureAsync(
            port => ChildProcess.Start(
                programs.OctavoProgram("octavo-serve"),
                ["--model", Path.Combine(options.Checkpoint, "bf16"), "--host", "127.0.0.1", "--port", $"{port}", "--cpu-threads", $"{options.Threads}"]),
            "/ready", cancellationToken);
    }

    /// <summary>llama-server until /health, which is 503 while it loads; it warms up, too, by default.</summary>
    public async Task<IReadOnlyDictionary<string, double>> LlamaAsync(CancellationToken cancellationToken)
    {
        await ReadAsync(Path.Combine(options.Checkpoint, "model-bf16.gguf"), cancellationToken);
        return await MeasureAsync(
            port =>
            {
                var (program, arguments) = programs.Peer(
                    ["llama-server", "-m", $"{options.PeerCheckpoint}/model-bf16.gguf", "--host", "127.0.0.1", "--port", $"{port}", "-t", $"{options.Threads}", "-tb", $"{options.Threads}", "-fa", "on"]);
                return ChildProcess.Start(program, arguments);
            },
            "/health", cancellationToken);
    }

    /// <param name="start">Starts the server on a port.</param>
    /// <param name="readyPath">Answers 200 when the server is ready.</param>
    /// <returns>ready and first_token, in seconds since the start.</returns>
    /// <exception cref="PeerException">It ended, or was not ready in two minutes, or refused the request.</exception>
    internal async Task<IReadOnlyDictionary<string, double>> MeasureAsync(Func<int, ChildProcess> start, string readyPath, CancellationToken cancellationToken)
    {
        var port = ServerRuns.FreePort();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        var began = timeProvider.GetTimestamp();
        await using var server = start(port);
        while (!await IsReadyAsync(client, readyPath, cancellationToken))
        {
            if (server.HasEnded || timeProvider.GetElapsedTime(began) > Longest)
            {
                throw new PeerException($"the server {(server.HasEnded ? "ended" : $"was not ready in {Longest.TotalSeconds:0} s")}:\n{server.LastErrors}");
            }

            await Task.Delay(PollInterval, timeProvider, cancellationToken);
        }

        var ready = timeProvider.GetElapsedTime(began).TotalSeconds;
        var body = new JsonObject { ["prompt"] = new JsonArray([.. Enumerable.Range(FirstToken, PromptTokens).Select(id => (JsonNode)id)]), ["max_tokens"] = 1, ["temperature"] = 0, ["ignore_eos"] = true };
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync("/v1/completions", content, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        var first = timeProvider.GetElapsedTime(began).TotalSeconds;
        return answer.IsSuccessStatusCode
            ? new Dictionary<string, double>(StringComparer.Ordinal) { ["ready"] = ready, ["first_token"] = first }
            : throw new PeerException($"the first request: {(int)answer.StatusCode} {text}");
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync(path, cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.ResponseEnded)
        {
            // It does not listen yet.
            return false;
        }
    }

    /// <summary>So that no side pays for a disk.</summary>
    private static async Task ReadAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        var buffer = new byte[1 << 20];
        while (await stream.ReadAsync(buffer, cancellationToken) > 0)
        {
        }
    }
}
