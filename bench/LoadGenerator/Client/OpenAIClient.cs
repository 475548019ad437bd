using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Client;

/// <summary>Sends requests and times what comes back. Events that come with one read share its time: they did arrive together.</summary>
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
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null })
        {
            BaseAddress = new Uri(options.BaseUrl.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        if (options.ApiKey is { Length: > 0 } key)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        foreach (var (name, value) in options.Headers)
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation(name, value);
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

    /// <summary>The server's exposition.</summary>
    /// <exception cref="HttpRequestException">It has none that can be read.</exception>
    public Task<string> MetricsAsync(CancellationToken cancellationToken)
        => http.GetStringAsync(options.MetricsUrl is { } url ? new Uri(url) : new Uri("metrics", UriKind.Relative), cancellationToken);

    /// <summary>Never throws for what the server or the network does: that is a result.</summary>
    /// <param name="scheduled">When its turn came; a timestamp of the time provider.</param>
    /// <param name="begin">When the run began; times in the result count from there.</param>
    /// <param name="keepText">Whether the answer's text is wanted.</param>
    public async Task<RequestResult> SendAsync(string model, BenchRequest bench, long scheduled, long begin, bool keepText, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.RequestTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var body = RequestBody.Render(options, model, bench);
        var sent = time.GetTimestamp();
        var result = await TrySendAsync(body, sent, keepText, timeout, linked.Token);
        return result with { ScheduledAt = Seconds(begin, scheduled), SentAt = Seconds(begin, sent) };
    }

    /// <summary>Reads a stream of events to its end.</summary>
    internal async Task<RequestResult> ReadStreamAsync(Stream stream, long sent, bool keepText, CancellationToken cancellationToken)
    {
        var parser = new EventStreamParser();
        var answer = new AnswerTimes();
        var text = keepText ? new StringBuilder() : null;
        while (true)
        {
            var read = await stream.ReadAsync(parser.GetMemory(), cancellationToken);
            if (read == 0)
            {
                return RequestResult.Failed("protocol", "the stream ended without [DONE]");
            }

            parser.Advance(read);
            if (TakeEvents(parser, answer, Seconds(sent, time.GetTimestamp()), text) is { } result)
            {
                return result;
            }
        }
    }

    private static RequestResult? TakeEvents(EventStreamParser parser, AnswerTimes answer, double now, StringBuilder? text)
    {
        while (parser.TryRead(out var data))
        {
            var item = StreamEvent.Parse(data, text);
            if (item.Error is { } error)
            {
                return RequestResult.Failed("stream_error", error);
            }

            answer.Take(item, now);
            if (item.IsDone)
            {
                return answer.Result(now, text?.ToString());
            }
        }

        return null;
    }

    private async Task<RequestResult> TrySendAsync(ReadOnlyMemory<byte> body, long sent, bool keepText, CancellationTokenSource timeout, CancellationToken cancellationToken)
    {
        try
        {
            using var content = new ReadOnlyMemoryContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, options.Endpoint.TrimStart('/')) { Content = content };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                var error = await response.Content.ReadAsStringAsync(cancellationToken);
                return RequestResult.Failed(
                    $"http_{(int)response.StatusCode}", $"HTTP {(int)response.StatusCode}: {(error.Length > MaxErrorLength ? error[..MaxErrorLength] : error)}");
            }

            if (options.Stream)
            {
                await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
                return await ReadStreamAsync(stream, sent, keepText, cancellationToken);
            }

            var whole = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return WholeAnswer(whole, Seconds(sent, time.GetTimestamp()), keepText);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return RequestResult.Failed("timeout", $"no end within {options.RequestTimeout.TotalSeconds:0.#} s");
        }
        catch (OperationCanceledException)
        {
            return RequestResult.Failed("cancelled", "cancelled");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return RequestResult.Failed("connection", e.Message);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            return RequestResult.Failed("protocol", e.Message);
        }
    }

    private static RequestResult WholeAnswer(byte[] body, double now, bool keepText)
    {
        var text = keepText ? new StringBuilder() : null;
        var item = StreamEvent.Parse(body, text);
        if (item.Error is { } error)
        {
            return RequestResult.Failed("stream_error", error);
        }

        var answer = new AnswerTimes();
        answer.Take(item, now);
        return answer.Result(now, text?.ToString());
    }

    private double Seconds(long from, long to) => time.GetElapsedTime(from, to).TotalSeconds;
}
