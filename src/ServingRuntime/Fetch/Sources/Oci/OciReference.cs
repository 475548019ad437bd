using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Sources.Oci;

/// <summary><c>registry/repository[:tag][@sha256:digest]</c>, as image references are written, the registry always named.</summary>
/// <param name="Registry">Host and perhaps port.</param>
/// <param name="Repository">Path of the repository.</param>
/// <param name="Reference">The digest where there is one, else the tag.</param>
internal sealed record OciReference(string Registry, string Repository, string Reference)
{
    private const string DockerHub = "docker.io";

    public bool IsDigest => Reference.StartsWith("sha256:", StringComparison.Ordinal);

    /// <summary>Where the API is: Docker Hub's is not at its name.</summary>
    public string ApiHost => Registry == DockerHub ? "registry-1.docker.io" : Registry;

    public override string ToString() => $"oci://{Registry}/{Repository}{(IsDigest ? "@" : ":")}{Reference}";

    /// <exception cref="FetchException">It is malformed.</exception>
    public static OciReference Parse(string rest)
    {
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var (registry, path) = slash > 0 ? (rest[..slash], rest[(slash + 1)..]) : ("", "");
        var reference = "latest";
        if (path.Split('@', 2) is [var named, var digest])
        {
            (path, reference) = (named, digest);
            // A tag beside a digest says nothing more.
            path = path.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? path[..colon] : path;
        }
        else if (path.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
        {
            (path, reference) = (path[..colon], path[(colon + 1)..]);
        }

        if (registry == DockerHub && !path.Contains('/', StringComparison.Ordinal))
        {
            path = "library/" + path;
        }

        var isDigest = reference.StartsWith("sha256:", StringComparison.Ordinal) && reference.Length == 71 && reference[7..].All(char.IsAsciiHexDigitLower);
        var isTag = reference.Length is > 0 and <= 128 && reference.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-') && reference[0] is not ('.' or '-');
        return registry.Length > 0 && Uri.CheckHostName(registry.Split(':')[0].Trim('[', ']')) != UriHostNameType.Unknown && IsRepository(path) && (isDigest || isTag)
            ? new OciReference(registry, path, reference)
            : throw new FetchException(FetchExitCode.Usage, $"'oci://{RelativePath.Printable(rest)}' is no image reference: write oci://registry/repository:tag or oci://registry/repository@sha256:….");
    }

    private static bool IsRepository(string path) =>
        path.Length is > 0 and <= 255 && path.Split('/').All(s => s.Length > 0 && char.IsAsciiLetterOrDigit(s[0]) && s.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-'));
}
