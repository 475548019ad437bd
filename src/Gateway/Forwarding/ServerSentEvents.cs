namespace Octavo.Gateway.Forwarding;

/// <summary>Where events of a stream begin and end (WHATWG HTML, 9.2).</summary>
internal static class ServerSentEvents
{
    public static ReadOnlySpan<byte> Done => "data: [DONE]\n\n"u8;

    /// <summary>Length of the whole events at the beginning of <paramref name="bytes"/>: up to and with the last empty line.</summary>
    public static int WholeEvents(ReadOnlySpan<byte> bytes)
    {
        var newlines = bytes.LastIndexOf("\n\n"u8);
        var pairs = bytes.LastIndexOf("\r\n\r\n"u8);
        var returns = bytes.LastIndexOf("\r\r"u8);
        return Math.Max(Math.Max(newlines < 0 ? 0 : newlines + 2, pairs < 0 ? 0 : pairs + 4), returns < 0 ? 0 : returns + 2);
    }

    /// <summary>Whether OpenAI's last event is among whole events. JSON escapes line ends, so a line that begins so is never part of an answer's text.</summary>
    public static bool ContainDone(ReadOnlySpan<byte> events) =>
        events.StartsWith("data: [DONE]"u8) || events.IndexOf("\ndata: [DONE]"u8) >= 0 || events.IndexOf("\rdata: [DONE]"u8) >= 0;

    public static bool IsEventStream(HttpResponseMessage response) =>
        string.Equals(response.Content.Headers.ContentType?.MediaType, "text/event-stream", StringComparison.OrdinalIgnoreCase);
}
