using System.Runtime.InteropServices;
using System.Text.Json;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.Oci;

/// <summary>
/// What a manifest's layers are to a model. A layer with a title (ORAS) or a file path (CNCF ModelPack) is that file, unless it says that it is to be
/// unpacked; any other layer is a tar, as images have them; a GGUF layer of Docker's model runner has no name and gets one.
/// </summary>
internal static class OciManifest
{
    /// <summary>Media types that are asked for.</summary>
    public const string Accept =
        "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

    private const string Title = "org.opencontainers.image.title";
    private const string FilePath = "org.cncf.model.filepath";
    private const string Unpack = "io.deis.oras.content.unpack";
    private const string UnnamedGguf = "model.gguf";

    /// <summary>The manifest that an index means for this machine; null where the document is no index.</summary>
    /// <exception cref="FetchException">The index has none.</exception>
    public static string? Choose(JsonElement document, string name)
    {
        if (!document.TryGetProperty("manifests", out var manifests) || manifests.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64";
        string? Platform(JsonElement m, string field) => m.TryGetProperty("platform", out var p) && p.TryGetProperty(field, out var v) ? v.GetString() : null;
        // Files of a model are the same for all machines: one manifest without a platform, or the only one, is meant too.
        var images = manifests.EnumerateArray().Where(m => Platform(m, "architecture") != "unknown").ToList();
        var chosen = images.Where(m => Platform(m, "architecture") == architecture && Platform(m, "os") is null or "linux").Concat(images.Where(m => Platform(m, "architecture") is null))
            .Concat(images.Count == 1 ? images : []).Select(m => m.GetProperty("digest").GetString()).FirstOrDefault();
        return chosen ?? throw new FetchException(FetchExitCode.NotFound, $"{name} has no image for linux/{architecture}.");
    }

    /// <exception cref="FetchException">A layer cannot be used.</exception>
    public static IReadOnlyList<SourceFile> Files(JsonElement manifest, string name)
    {
        var files = new List<SourceFile>();
        foreach (var layer in manifest.GetProperty("layers").EnumerateArray())
        {
            var mediaType = layer.TryGetProperty("mediaType", out var type) ? type.GetString() ?? "" : "";
            var digest = layer.GetProperty("digest").GetString()!;
            if (!IsDigest(digest))
            {
                throw new FetchException(FetchExitCode.InvalidModel, $"{name} has a layer with the digest '{RelativePath.Printable(digest)}', which is no SHA-256.");
            }

            var path = Annotation(layer, Title) ?? Annotation(layer, FilePath) ?? (mediaType.Contains(".gguf.", StringComparison.Ordinal) ? UnnamedGguf : null);
            var isArchive = path is null || Annotation(layer, Unpack) == "true" || (mediaType.StartsWith("application/vnd.cncf.model.", StringComparison.Ordinal) && !mediaType.EndsWith(".raw", StringComparison.Ordinal));
            files.Add(new SourceFile(isArchive ? $"{RelativePath.ReservedPrefix}layer-{files.Count:d4}" : RelativePath.Require(path!, name), layer.GetProperty("size").GetInt64())
            {
                Digest = ContentDigest.Sha256(digest[7..]),
                Locator = digest,
                IsArchive = isArchive,
            });
        }

        return WithoutFolder(files);
    }

    public static bool IsDigest(string digest) => digest.StartsWith("sha256:", StringComparison.Ordinal) && digest.Length == 71 && digest[7..].All(char.IsAsciiHexDigitLower);

    /// <summary>Titles may all begin with the folder that was pushed.</summary>
    private static List<SourceFile> WithoutFolder(List<SourceFile> files)
    {
        var configs = files.Where(f => f.Path == CheckpointFiles.Config || f.Path.EndsWith("/" + CheckpointFiles.Config, StringComparison.Ordinal)).Select(f => f.Path[..^CheckpointFiles.Config.Length]).ToList();
        var folder = configs.OrderBy(c => c.Length).FirstOrDefault() ?? "";
        return folder.Length == 0 ? files : [.. files.Where(f => f.IsArchive || f.Path.StartsWith(folder, StringComparison.Ordinal)).Select(f => f.IsArchive ? f : f with { Path = f.Path[folder.Length..] })];
    }

    private static string? Annotation(JsonElement layer, string name) =>
        layer.TryGetProperty("annotations", out var annotations) && annotations.ValueKind == JsonValueKind.Object && annotations.TryGetProperty(name, out var value) ? value.GetString() : null;
}
