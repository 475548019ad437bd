using System.Text.Json;
using System.Text.Json.Serialization;

namespace Octavo.ServingContract;

/// <summary>
/// How far a fetch has come, as JSON: what <c>octavo-serve fetch</c> answers at <see cref="ServingPaths.FetchProgress"/> while it runs, and writes to
/// <see cref="FetchFlags.ResultFile"/> when it has succeeded.
/// </summary>
public sealed partial record FetchProgress
{
    /// <summary>One of <see cref="FetchPhase"/>.</summary>
    public required string Phase { get; init; }

    /// <summary>Bytes that are present, those of an earlier run among them.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes of all files; null as long as nobody knows.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Over the last seconds; null while nothing is brought.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>At this speed; null where it cannot be told.</summary>
    public long? RemainingSeconds { get; init; }

    /// <summary>The commit or digest that the URI means; null where the source has none.</summary>
    public string? Revision { get; init; }

    /// <summary>Of the manifest of what was published; null before.</summary>
    public string? Sha256 { get; init; }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, ProgressJson.Default.FetchProgress);

    /// <summary>Null where the bytes are no progress.</summary>
    public static FetchProgress? Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ProgressJson.Default.FetchProgress);
        }
        catch (JsonException)
        {
            // Something else answers there, or the message of a container is of another program.
            return null;
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonSerializable(typeof(FetchProgress))]
    private sealed partial class ProgressJson : JsonSerializerContext;
}
