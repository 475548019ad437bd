using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Client;

/// <summary>Sends streamed requests and times what comes back.</summary>
internal sealed class OpenAIClient : IDisposable
{
    private const int MaxErrorLength = 300;

    private readonly ServeOptions options;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    public OpenAIClient(ServeOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        // The base URL may have a path (a gateway behind a prefix); a relative URI keeps it only after a slash.
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(options.BaseUrl.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (options.ApiKey is { Length: > 0 } key)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>The first model that the server lists.</summary>
    /// <exception cref="HttpRequestException">The server cannot be reached or refuses.</exception>
    /// <exception cref="InvalidDataException">It lists none.</exception>
    public async Task<string> FirstModelAsync(CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri("v1/models", UriKind.Relative), cancellationToken));
        return document.RootElement.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array && data.GetArrayLength() > 0
            ? data[0].GetProperty("id").GetString()!
            : throw new InvalidDataException($"{options.BaseUrl}/v1/models lists no model");
    }

    /// <summary>Never throws for what the server or the network does: that is a result.</summary>
    public async Task<RequestResult> SendAsync(string model, BenchPrompt prompt, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.RequestTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var started = time.GetTimestamp();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, options.Endpoint.TrimStart('/')) { Content = new StringContent(Body(model, prompt), System.Text.Encoding.UTF8, "application/json") };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            if (!response.IsSuccessStatusCode)
            {
                var body = await response.Content.ReadAsStringAsync(linked.Token);
                return Failed($"HTTP {(int)response.StatusCode}: {(body.Length > MaxErrorLength ? body[..MaxErrorLength] : body)}");
            }

            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(linked.Token));
            return await ReadAsync(reader, started, linked.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return Failed($"no end within {options.RequestTimeout.TotalSeconds:0.#} s");
        }
        catch (OperationCanceledException)
        {
            return Failed("cancelled");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return Failed(e.Message);
        }
    }

    internal async Task<RequestResult> ReadAsync(TextReader reader, long started, CancellationToken cancellationToken)
    {
        double? first = null;
        var last = 0.0;
        var gaps = new List<double>();
        TokenUsage? usage = null;
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (StreamEvent.Parse(line) is not { } item)
            {
                continue;
            }

            var now = time.GetElapsedTime(started).TotalSeconds;
            usage = item.Usage ?? usage;
            if (item.Error is not null)
            {
                return Failed(item.Error);
            }

            if (item.HasText)
            {
                if (first is null)
                {
                    first = now;
                }
                else
                {
                    gaps.Add(now - last);
                }

                last = now;
            }

            if (item.IsDone)
            {
                return new RequestResult
                {
                    PromptTokens = usage?.PromptTokens ?? 0,
                    CachedTokens = usage?.CachedTokens ?? 0,
                    // A server that gives no usage: pieces of text are the best count there is.
                    OutputTokens = usage?.CompletionTokens ?? gaps.Count + (first is null ? 0 : 1),
                    TimeToFirstToken = first ?? now,
                    InterTokenLatencies = gaps,
                    EndToEnd = now,
                };
            }
        }

        return Failed("the stream ended without [DONE]");
    }

    private string Body(string model, BenchPrompt prompt)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
            ["max_tokens"] = prompt.MaxTokens,
        };
        if (options.Endpoint.EndsWith("chat/completions", StringComparison.Ordinal))
        {
            body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt.Text });
        }
        else
        {
            body["prompt"] = prompt.Text;
        }

        if (options.IgnoreEos)
        {
            body["ignore_eos"] = true;
        }

        if (options.Temperature is { } temperature)
        {
            body["temperature"] = temperature;
        }

        return body.ToJsonString();
    }

    private static RequestResult Failed(string error) => new() { Error = error };
}
