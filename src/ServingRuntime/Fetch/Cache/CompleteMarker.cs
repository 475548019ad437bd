using System.Text.Json;
using System.Text.Json.Serialization;
using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Fetch.Cache;

/// <summary>The file that a published model has and an unfinished one never: what it is and where it came from.</summary>
internal sealed partial record CompleteMarker
{
    public const string FileName = RelativePath.ReservedPrefix + "complete";

    /// <summary>The URI, without secrets.</summary>
    public required string Uri { get; init; }

    /// <summary>The commit or digest that the URI meant when it was fetched; null where the source has none.</summary>
    public string? Revision { get; init; }

    /// <summary><see cref="ModelManifest.Sha256"/>.</summary>
    public required string Sha256 { get; init; }

    public required DateTimeOffset FetchedAt { get; init; }

    public required IReadOnlyList<ManifestFile> Files { get; init; }

    /// <summary>Null where the folder has none, or one that cannot be read.</summary>
    public static CompleteMarker? Find(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, FileName)), MarkerJson.Default.CompleteMarker);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            // No marker, or none of ours: not complete.
            return null;
        }
    }

    /// <summary>The first file that is not as it was published; null where all are there.</summary>
    public string? FirstDamaged(string folder) =>
        Files.FirstOrDefault(f => RelativePath.Normalize(f.Path) is not { } path || new FileInfo(Path.Combine(folder, path)) is not { Exists: true } found || found.Length != f.Size)?.Path;

    public void Write(string folder)
    {
        using var file = new FileStream(Path.Combine(folder, FileName), FileMode.Create, FileAccess.Write);
        file.Write(JsonSerializer.SerializeToUtf8Bytes(this, MarkerJson.Default.CompleteMarker));
        file.Flush(flushToDisk: true);
    }

    [JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(CompleteMarker))]
    private sealed partial class MarkerJson : JsonSerializerContext;
}
