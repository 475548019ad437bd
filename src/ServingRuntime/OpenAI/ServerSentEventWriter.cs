using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>
/// Events as OpenAI sends them: "data: {json}", an empty line, and at the end "data: [DONE]". Headers go out with the first. Events are written straight into the
/// connection's buffer; those of <see cref="Gather{T}"/> that come without waiting go out together.
/// </summary>
internal sealed class ServerSentEventWriter(HttpResponse response)
{
    /// <summary>So much is sent even if more is at hand.</summary>
    private const int MostUnsent = 32 * 1024;

    private static readonly byte[] Prefix = "data: "u8.ToArray();
    private static readonly byte[] End = "\n\n"u8.ToArray();
    private static readonly byte[] Done = "data: [DONE]\n\n"u8.ToArray();

    private readonly PipeWriter pipe = response.BodyWriter;
    private Utf8JsonWriter? json;
    private bool gathering;
    private bool started;
    private long unsent;

    /// <summary>The same items. What is written while they are gone through is sent when the next item is not there yet, and no later.</summary>
    public async IAsyncEnumerable<T> Gather<T>(IAsyncEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var enumerator = items.GetAsyncEnumerator(cancellationToken);
        gathering = true;
        try
        {
            while (true)
            {
                var next = enumerator.MoveNextAsync();
                if (!next.IsCompleted && unsent > 0)
                {
                    await SendWhileAsync(next);
                }

                if (!await next)
                {
                    yield break;
                }

                yield return enumerator.Current;
            }
        }
        finally
        {
            gathering = false;
        }
    }

    /// <param name="value">The event's data.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="name">The event's name, for streams that name theirs.</param>
    public Task WriteAsync<T>(T value, JsonTypeInfo<T> type, string? name = null)
    {
        if (!started)
        {
            return BeginAsync(value, type, name);
        }

        if (name is not null)
        {
            Encoding.UTF8.GetBytes($"event: {name}\n", pipe);
        }

        json ??= new Utf8JsonWriter(pipe, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true });
        pipe.Write(Prefix);
        JsonSerializer.Serialize(json, value, type);
        unsent += Prefix.Length + json.BytesCommitted + json.BytesPending + End.Length;
        json.Flush();
        json.Reset();
        pipe.Write(End);
        return gathering && unsent < MostUnsent ? Task.CompletedTask : SendAsync().AsTask();
    }

    public Task WriteDoneAsync()
    {
        pipe.Write(Done);
        return CompleteAsync();
    }

    /// <summary>The end of a stream whose last event says that it is the last.</summary>
    public async Task CompleteAsync()
    {
        await SendAsync();
        if (json is not null)
        {
            await json.DisposeAsync();
        }
    }

    /// <summary>From here on the status is decided: what fails later becomes an event.</summary>
    private async Task BeginAsync<T>(T value, JsonTypeInfo<T> type, string? name)
    {
        started = true;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        await response.StartAsync(response.HttpContext.RequestAborted);
        await WriteAsync(value, type, name);
    }

    /// <summary>Sends while the next item is being made. A slow reader slows the writer here.</summary>
    private async ValueTask SendWhileAsync(ValueTask<bool> next)
    {
        try
        {
            await SendAsync();
        }
        catch
        {
            // An iterator may not be disposed of while it moves. Nobody else awaits it in this case.
            await ((Task)next.AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private ValueTask<FlushResult> SendAsync()
    {
        unsent = 0;
        return pipe.FlushAsync(response.HttpContext.RequestAborted);
    }
}
