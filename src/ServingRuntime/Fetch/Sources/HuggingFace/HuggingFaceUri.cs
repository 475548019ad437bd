using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Checkpoints;

namespace Octavo.ServingRuntime.Fetch.Sources.HuggingFace;

/// <summary><c>hf://org/name[@revision][/folder or file.gguf]</c>; a slash in a revision is written %2F.</summary>
/// <param name="Repository">org/name.</param>
/// <param name="Revision">A branch, tag or commit.</param>
/// <param name="Folder">Ends with a slash, or is empty.</param>
/// <param name="NamedWeights">The file that the URI names at its end; null: none.</param>
internal sealed record HuggingFaceUri(string Repository, string Revision, string Folder, string? NamedWeights)
{
    private const string DefaultRevision = "main";

    public override string ToString() => $"hf://{Repository}@{Revision}{(Folder.Length + (NamedWeights?.Length ?? 0) > 0 ? "/" : "")}{Folder}{NamedWeights}";

    /// <exception cref="FetchException">It is malformed.</exception>
    public static HuggingFaceUri Parse(string rest)
    {
        var segments = rest.Split('?')[0].Trim('/').Split('/');
        var revision = DefaultRevision;
        // The revision ends the repository's name, which has one part (as the oldest models have) or two.
        var count = segments[0].Contains('@', StringComparison.Ordinal) ? 1 : Math.Min(2, segments.Length);
        if (segments[count - 1].Split('@', 2) is [var name, var written])
        {
            (segments[count - 1], revision) = (name, Uri.UnescapeDataString(written));
        }

        var repository = segments[..count];
        if (repository.Any(s => !IsName(s)) || revision.Length is 0 or > 255 || revision.Any(c => char.IsControl(c) || c is ' ' or '?' or '#') || revision.Contains("..", StringComparison.Ordinal))
        {
            throw new FetchException(FetchExitCode.Usage, $"'hf://{RelativePath.Printable(rest)}' is no model on the Hugging Face Hub: write hf://org/name or hf://org/name@revision.");
        }

        var path = Uri.UnescapeDataString(string.Join('/', segments[count..]));
        if (!path.EndsWith(CheckpointFiles.GgufSuffix, StringComparison.OrdinalIgnoreCase))
        {
            return new HuggingFaceUri(string.Join('/', repository), revision, path.Length == 0 ? "" : path + "/", null);
        }

        var folder = path.LastIndexOf('/') + 1;
        return new HuggingFaceUri(string.Join('/', repository), revision, path[..folder], path[folder..]);
    }

    private static bool IsName(string segment) =>
        segment.Length is > 0 and <= 96 && segment[0] != '.' && segment.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && !segment.Contains("..", StringComparison.Ordinal);
}
