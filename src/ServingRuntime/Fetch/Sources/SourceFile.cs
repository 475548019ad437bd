using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources;

/// <summary>One file of a source.</summary>
/// <param name="Path">Relative to the model's folder, with slashes; checked by <see cref="RelativePath"/>.</param>
/// <param name="Size">Bytes; null where the source does not say beforehand.</param>
internal sealed record SourceFile(string Path, long? Size)
{
    /// <summary>How the source names this content; a read that answers with another is an error. Null: it does not.</summary>
    public string? ETag { get; init; }

    /// <summary>Digest of the whole content; null: unknown.</summary>
    public ContentDigest? Digest { get; init; }

    /// <summary>A tar file (perhaps compressed) that holds the model's files, and is none itself.</summary>
    public bool IsArchive { get; init; }

    /// <summary>Where the source finds it, if not by <see cref="Path"/>: a key, a digest.</summary>
    public string? Locator { get; init; }

    /// <summary>
    /// Names the content for a download that goes on after a restart; null where nothing tells one content from another, and a restart begins anew.
    /// </summary>
    public string? Identity => Digest is not null ? $"{Size} {Digest}" : ETag is not null ? $"{Size} {ETag}" : null;
}
