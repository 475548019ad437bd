using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Octavo.KubernetesClient.Http;
using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient.Watching;

/// <summary>
/// Reads a watch: one JSON object per line, cut anywhere by the network. Only whole lines are events; a stream that ends within a line was broken,
/// and says so instead of ending well, so that the reader resumes and misses nothing.
/// </summary>
internal sealed class WatchStream<T>(Stream stream, string path) : IAsyncDisposable where T : class, IKubernetesObject
{
    /// <summary>Far above what the server can store (1.5 MiB, twice that on the wire); guards against a stream that is no watch.</summary>
    private const int MaxLine = 32 * 1024 * 1024;

    private readonly PipeReader reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024));

    /// <summary>The next event, or null where the server ended the stream. Throws <see cref="KubernetesException"/> for an ERROR event.</summary>
    public async ValueTask<WatchEvent<T>?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                var next = buffer.GetPosition(1, end);
                try
                {
                    if (!IsBlank(line))
                    {
                        return Parse(line);
                    }
                }
                finally
                {
                    reader.AdvanceTo(next);
                }

                continue;
            }

            if (result.IsCompleted)
            {
                var broken = !IsBlank(buffer);
                reader.AdvanceTo(buffer.End);
                return broken ? throw new IOException($"WATCH {path}: the stream ended within a line") : null;
            }

            if (buffer.Length > MaxLine)
            {
                throw new InvalidDataException($"WATCH {path}: a line longer than {MaxLine} bytes");
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    public async ValueTask DisposeAsync() => await reader.CompleteAsync().ConfigureAwait(false);

    private WatchEvent<T> Parse(ReadOnlySequence<byte> line)
    {
        using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = KubernetesJson.Options.MaxDepth });
        var type = document.RootElement.GetProperty("type").GetString();
        var value = document.RootElement.GetProperty("object");
        return type switch
        {
            "ADDED" => new(WatchEventType.Added, Read(value, KubernetesJson.Options)),
            "MODIFIED" => new(WatchEventType.Modified, Read(value, KubernetesJson.Options)),
            "DELETED" => new(WatchEventType.Deleted, Read(value, KubernetesJson.Options)),
            "BOOKMARK" => new(WatchEventType.Bookmark, Read(value, KubernetesJson.PartialOptions)),
            "ERROR" => throw ErrorAnswer.FromStatus(value.Deserialize<V1Status>(KubernetesJson.Options) ?? new V1Status(), path),
            _ => throw new InvalidDataException($"WATCH {path}: unknown event type '{type}'"),
        };
    }

    private static T Read(JsonElement value, JsonSerializerOptions options) =>
        value.Deserialize<T>(options) ?? throw new JsonException("the object of a watch event is null");

    private static bool IsBlank(ReadOnlySequence<byte> bytes)
    {
        foreach (var segment in bytes)
        {
            if (segment.Span.IndexOfAnyExcept(" \r\t\n"u8) >= 0)
            {
                return false;
            }
        }

        return true;
    }
}
