using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>Reads the lines of one watch as they come.</summary>
internal sealed class WatchReader : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<JsonNode> _lines = Channel.CreateUnbounded<JsonNode>();
    private readonly Task _reading;

    private WatchReader(HttpResponseMessage response) => _reading = ReadAsync(response);

    public int Status { get; private init; }

    public IReadOnlyDictionary<string, string> Headers { get; private init; } = new Dictionary<string, string>();

    public static async Task<WatchReader> StartAsync(HttpClient client, HttpRequestMessage request)
    {
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new WatchReader(response) { Status = (int)response.StatusCode, Headers = TranscriptReplayer.HeadersOf(response) };
    }

    /// <summary>The next events, fewer when the time or the stream ends first.</summary>
    public async Task<JsonArray> TakeAsync(int count, TimeSpan within)
    {
        var events = new JsonArray();
        using var timeout = new CancellationTokenSource(within);
        try
        {
            while (events.Count < count && await _lines.Reader.WaitToReadAsync(timeout.Token))
            {
                while (events.Count < count && _lines.Reader.TryRead(out var line))
                {
                    events.Add(line);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // What came in time is the answer.
        }

        return events;
    }

    /// <returns>Whether the server closed the stream in time, and the events left, bookmarks aside.</returns>
    public async Task<(bool Closed, JsonArray Left)> EndAsync(TimeSpan within)
    {
        var closed = await Task.WhenAny(_reading, Task.Delay(within, TimeProvider.System)) == _reading;
        var left = new JsonArray();
        while (_lines.Reader.TryRead(out var line))
        {
            if (line["type"]?.ToString() != "BOOKMARK")
            {
                left.Add(line);
            }
        }

        return (closed, left);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
    }

    private async Task ReadAsync(HttpResponseMessage response)
    {
        try
        {
            using (response)
            {
                using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(_stop.Token));
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    if (line.Length > 0)
                    {
                        _lines.Writer.TryWrite(JsonNode.Parse(line)!);
                    }
                }
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or HttpRequestException)
        {
            // The case is over.
        }
        finally
        {
            _lines.Writer.TryComplete();
        }
    }
}
