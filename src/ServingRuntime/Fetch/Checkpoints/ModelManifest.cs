using System.Security.Cryptography;
using System.Text;
using Octavo.ServingRuntime.Fetch.Sources;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Checkpoints;

/// <param name="Path">Relative to the model's folder.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Lower-case hex.</param>
internal sealed record ManifestFile(string Path, long Size, string Sha256);

/// <summary>
/// A model's files with their digests. Its own digest, which <c>--sha256</c> and <c>spec.model.sha256</c> give, is the SHA-256 over the lines
/// <c>DIGEST  PATH\n</c> (two spaces, as sha256sum writes them), sorted by the bytes of the path. In the model's folder:
/// <c>sha256sum FILES… | LC_ALL=C sort -k 2 | sha256sum</c>.
/// </summary>
internal sealed record ModelManifest(IReadOnlyList<ManifestFile> Files)
{
    public long TotalBytes => Files.Sum(f => f.Size);

    public string Sha256
    {
        get
        {
            var lines = Files.OrderBy(f => f.Path, StringComparer.Ordinal).Select(f => $"{f.Sha256}  {f.Path}\n");
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
        }
    }

    /// <summary>Of a folder; digests that are known already are not computed again.</summary>
    public static async Task<ModelManifest> OfFolderAsync(string folder, IEnumerable<string> paths, Func<string, string?> known, CancellationToken cancellationToken)
    {
        var files = new List<ManifestFile>();
        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            var full = Path.Combine(folder, path);
            var sha256 = known(path) ?? (await ContentHash.ComputeAsync(full, also: null, cancellationToken).ConfigureAwait(false)).Sha256;
            files.Add(new ManifestFile(path, new FileInfo(full).Length, sha256));
        }

        return new ModelManifest(files);
    }

    /// <summary>Paths of all files below a folder, but the fetch's own.</summary>
    public static IReadOnlyList<string> PathsOf(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(p => !p.StartsWith(RelativePath.ReservedPrefix, StringComparison.Ordinal)),
    ];
}
