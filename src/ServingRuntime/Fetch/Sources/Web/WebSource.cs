using System.Net;
using System.Text;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.Web;

/// <summary>
/// A model on a web server. A URL of a folder: its <c>SHA256SUMS</c> (as sha256sum writes it) lists the files with digests; without one the usual names
/// are asked for, and the index names the shards. A URL of a .tar, .tar.gz or .tgz: an archive. A URL of a .gguf: that file, with the folder's
/// configuration. A query (a signature, say) goes with every request and is never shown.
/// </summary>
internal sealed class WebSource : IModelSource
{
    private const string Manifest = "SHA256SUMS";
    private const int ProbesAtOnce = 8;
    private static readonly string[] ArchiveSuffixes = [".tar", ".tar.gz", ".tgz"];

    private readonly Uri folder;
    private readonly string query;
    private readonly string? named;
    private readonly string? authorization;
    private readonly HttpTransport transport;
    private readonly TimeProvider time;

    private WebSource(string name, Uri folder, string query, string? named, string? authorization, HttpTransport transport, TimeProvider time)
    {
        Name = name;
        this.folder = folder;
        this.query = query;
        this.named = named;
        this.authorization = authorization;
        this.transport = transport;
        this.time = time;
    }

    public string Name { get; }

    /// <summary>A bearer token by --token-file or OCTAVO_FETCH_TOKEN; user name and password in the URL go as Basic.</summary>
    /// <exception cref="FetchException">The URL is malformed, or plain http to another machine.</exception>
    public static WebSource Create(FetchOptions options, FetchEnvironment environment, HttpTransport transport)
    {
        var name = SafeName.Of(options.Uri);
        if (!Uri.TryCreate(options.Uri, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            throw new FetchException(FetchExitCode.Usage, $"'{name}' is no URL: write https://host/folder/.");
        }

        if (!options.Insecure && !HttpTransport.IsPrivate(uri))
        {
            throw new FetchException(FetchExitCode.Usage, $"{name} is plain http, which anybody on the way can change: use https, or --insecure to do it all the same.");
        }

        var token = options.TokenFile is { } file ? TokenFile.Read(file) : environment.Variable("OCTAVO_FETCH_TOKEN");
        var authorization = token is not null ? $"Bearer {token}"
            : uri.UserInfo.Length > 0 ? $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo)))}" : null;
        var path = uri.AbsolutePath;
        var leaf = path[(path.LastIndexOf('/') + 1)..];
        var isFile = IsArchive(leaf) || leaf.EndsWith(CheckpointFiles.GgufSuffix, StringComparison.OrdinalIgnoreCase);
        var folder = new UriBuilder(uri) { UserName = "", Password = "", Query = "", Fragment = "", Path = isFile ? path[..^leaf.Length] : path.TrimEnd('/') + "/" }.Uri;
        return new WebSource(name, folder, uri.Query, isFile ? Uri.UnescapeDataString(leaf) : null, authorization, transport, environment.Time);
    }

    public async Task<SourceListing> ListAsync(CancellationToken cancellationToken)
    {
        if (named is not null && IsArchive(named))
        {
            var archive = await ProbeAsync(named, null, cancellationToken).ConfigureAwait(false) ?? throw new FetchException(FetchExitCode.NotFound, $"{Name} does not exist.");
            return new SourceListing(archive.ETag, [archive with { Path = RelativePath.ReservedPrefix + "archive", Locator = named, IsArchive = true }]);
        }

        var digests = await ReadManifestAsync(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> weights = named is not null ? [named] : digests?.Keys.Where(p => p.EndsWith(".safetensors", StringComparison.Ordinal) || p.EndsWith(CheckpointFiles.GgufSuffix, StringComparison.Ordinal)).ToList()
            ?? await FindWeightsAsync(cancellationToken).ConfigureAwait(false);
        // A manifest says what there is; without one, what is usual is asked for.
        var names = (digests?.Keys.Where(p => CheckpointFiles.IsMetadata(p) || p == CheckpointFiles.Index) ?? CheckpointFiles.Metadata.Append(CheckpointFiles.Index)).Concat(weights).Distinct(StringComparer.Ordinal).ToList();
        var files = new SourceFile?[names.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, names.Count),
            new ParallelOptions { MaxDegreeOfParallelism = ProbesAtOnce, CancellationToken = cancellationToken },
            async (i, token) => files[i] = await ProbeAsync(names[i], digests?.GetValueOrDefault(names[i]), token).ConfigureAwait(false)).ConfigureAwait(false);
        if (digests is not null && Array.IndexOf(files, null) is >= 0 and var absent)
        {
            throw new FetchException(FetchExitCode.InvalidModel, $"{Name} lists {names[absent]} in its {Manifest}, but does not have it.");
        }

        return files.Any(f => f is not null)
            ? new SourceListing(null, [.. files.OfType<SourceFile>()], named)
            : throw new FetchException(FetchExitCode.NotFound, $"{Name} has neither {CheckpointFiles.Config} nor any other file of a model.");
    }

    public async Task<RangeReply> OpenAsync(SourceFile file, long offset, long? end, CancellationToken cancellationToken)
    {
        IReadOnlyList<(string, string)> headers = RangeReply.RangeHeader(file, offset, end) is { } range ? [("Range", range)] : [];
        var response = await SendAsync(HttpMethod.Get, file.Locator ?? file.Path, headers, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return await RangeReply.FromAsync(response, file, offset, cancellationToken).ConfigureAwait(false);
        }

        using (response)
        {
            throw RangeReply.SaysChanged(response.StatusCode) ? FetchException.SourceChanged($"{file.Locator ?? file.Path} of {Name} changed.") : StatusFailure.Of(response, $"{file.Locator ?? file.Path} of {Name}", time);
        }
    }

    private static bool IsArchive(string leaf) => ArchiveSuffixes.Any(s => leaf.EndsWith(s, StringComparison.OrdinalIgnoreCase));

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, IReadOnlyList<(string, string)> headers, CancellationToken cancellationToken)
    {
        var escaped = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        return transport.SendAsync(new TransportRequest(new Uri(folder, escaped + query), $"{path} of {Name}") { Method = method, Headers = headers, Authorization = authorization }, cancellationToken);
    }

    /// <summary>Digests by path; null where there is no manifest.</summary>
    private async Task<Dictionary<string, ContentDigest>?> ReadManifestAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, Manifest, [], cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            // A server of signed URLs may forbid what does not exist.
            return IsAbsent(response.StatusCode) ? null : throw StatusFailure.Of(response, $"{Manifest} of {Name}", time);
        }

        var text = Encoding.UTF8.GetString(await transport.ReadAsync(response, $"{Manifest} of {Name}", 16 << 20, cancellationToken).ConfigureAwait(false));
        var digests = new Dictionary<string, ContentDigest>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n').Select(l => l.TrimEnd('\r')).Where(l => l.Length > 0))
        {
            if (line.Length < 67 || !line[..64].All(char.IsAsciiHexDigit) || line[64] != ' ' || line[65] is not (' ' or '*'))
            {
                // A server that answers anything with a page of its own has no manifest either.
                return digests.Count == 0 ? null : throw new FetchException(FetchExitCode.InvalidModel, $"{Name} has a {Manifest} with the line '{RelativePath.Printable(line)}', which is none of sha256sum's.");
            }

            digests[RelativePath.Require(line[66..], $"{Manifest} of {Name}")] = ContentDigest.Sha256(line[..64]);
        }

        return digests.Count > 0 ? digests : null;
    }

    private async Task<IReadOnlyList<string>> FindWeightsAsync(CancellationToken cancellationToken)
    {
        using var response = await SendAsync(HttpMethod.Get, CheckpointFiles.Index, [], cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return CheckpointFiles.ShardsOf(await transport.ReadAsync(response, $"{CheckpointFiles.Index} of {Name}", CheckpointFiles.MostMetadataBytes, cancellationToken).ConfigureAwait(false), Name);
        }

        return IsAbsent(response.StatusCode) ? [CheckpointFiles.SingleWeights] : throw StatusFailure.Of(response, $"{CheckpointFiles.Index} of {Name}", time);
    }

    /// <summary>Size and validator; null where there is no such file.</summary>
    private async Task<SourceFile?> ProbeAsync(string path, ContentDigest? digest, CancellationToken cancellationToken)
    {
        using var head = await SendAsync(HttpMethod.Head, path, [], cancellationToken).ConfigureAwait(false);
        if (head.IsSuccessStatusCode)
        {
            return FileOf(path, head.Content.Headers.ContentLength, head, digest);
        }

        if (IsAbsent(head.StatusCode) && head.StatusCode != HttpStatusCode.Forbidden)
        {
            return null;
        }

        // Signed URLs and simple servers know GET only: a first byte tells the size as well.
        using var get = await SendAsync(HttpMethod.Get, path, [("Range", "bytes=0-0")], cancellationToken).ConfigureAwait(false);
        return get.IsSuccessStatusCode ? FileOf(path, get.StatusCode == HttpStatusCode.PartialContent ? get.Content.Headers.ContentRange?.Length : get.Content.Headers.ContentLength, get, digest)
            : get.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable ? FileOf(path, 0, get, digest)
            : get.StatusCode == HttpStatusCode.Forbidden && path != CheckpointFiles.Config ? null
            : IsAbsent(get.StatusCode) && get.StatusCode != HttpStatusCode.Forbidden ? null
            : throw StatusFailure.Of(get, $"{path} of {Name}", time);
    }

    private static SourceFile FileOf(string path, long? size, HttpResponseMessage response, ContentDigest? digest)
    {
        var tag = response.Headers.ETag is { IsWeak: false } strong ? strong.Tag.Trim('"') : null;
        return new SourceFile(path, size) { ETag = tag, Digest = digest };
    }

    private static bool IsAbsent(HttpStatusCode status) => status is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.Forbidden;
}
