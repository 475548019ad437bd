using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Events as OpenAI sends them: "data: {json}", an empty line, and at the end "data: [DONE]". Headers go out with the first.</summary>
internal sealed class ServerSentEventWriter(HttpResponse response)
{
    private static readonly byte[] Prefix = "data: "u8.ToArray();
    private static readonly byte[] End = "\n\n"u8.ToArray();
    private static readonly byte[] Done = "data: [DONE]\n\n"u8.ToArray();

    public async Task WriteAsync<T>(T value, JsonTypeInfo<T> type)
    {
        if (!response.HasStarted)
        {
            response.StatusCode = StatusCodes.Status200OK;
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-cache";
            response.Headers["X-Accel-Buffering"] = "no";
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(value, type);
        var frame = new byte[Prefix.Length + json.Length + End.Length];
        Prefix.CopyTo(frame, 0);
        json.CopyTo(frame, Prefix.Length);
        End.CopyTo(frame, Prefix.Length + json.Length);
        await SendAsync(frame);
    }

    public Task WriteDoneAsync() => SendAsync(Done);

    private async Task SendAsync(byte[] frame)
    {
        await response.Body.WriteAsync(frame, response.HttpContext.RequestAborted);
        await response.Body.FlushAsync(response.HttpContext.RequestAborted);
    }
}
