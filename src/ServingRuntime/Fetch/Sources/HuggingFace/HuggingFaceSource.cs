using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.HuggingFace;

/// <summary>
/// A model on the Hugging Face Hub or a mirror (HTTP API of huggingface_hub): <c>/api/models/{repo}/revision/{rev}?blobs=true</c> pins the commit and
/// lists files with sizes and digests (LFS: SHA-256; others: git blob), <c>/{repo}/resolve/{commit}/{path}</c> serves them, mostly by redirecting
/// to a CDN with a signed URL.
/// </summary>
internal sealed class HuggingFaceSource(HuggingFaceUri uri, HuggingFaceSettings settings, HttpTransport transport, TimeProvider time) : IModelSource
{
    private const int MostListingBytes = 64 << 20;
    private string? commit;

    /// <summary>Where the Hub last redirected a file to, by path: so a part is one request and not two. Signed URLs end; then the Hub is asked again.</summary>
    private readonly ConcurrentDictionary<string, Uri> redirected = new(StringComparer.Ordinal);

    public string Name => uri.ToString();

    public async Task<SourceListing> ListAsync(CancellationToken cancellationToken)
    {
        var root = await GetJsonAsync(new Uri($"{settings.Endpoint}/api/models/{uri.Repository}/revision/{Uri.EscapeDataString(uri.Revision)}?blobs=true"), cancellationToken).ConfigureAwait(false);
        try
        {
            commit = root.GetProperty("sha").GetString() ?? throw new KeyNotFoundException("sha is null");
            var siblings = root.GetProperty("siblings").EnumerateArray().ToList();
            var files = siblings.TrueForAll(s => s.TryGetProperty("size", out _))
                ? siblings.Select(s => FileOf(s, s.GetProperty("rfilename").GetString()!, "blobId", "sha256"))
                : (await ListTreeAsync(commit, cancellationToken).ConfigureAwait(false)).Select(e => FileOf(e, e.GetProperty("path").GetString()!, "oid", "oid"));
            return new SourceListing(commit, [.. files.OfType<SourceFile>()], uri.NamedWeights);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FetchException(FetchExitCode.Unexpected, $"{Name}: {SafeName.Of(settings.Endpoint)} answers what is no model of the Hub's API: {e.Message}", e);
        }
    }

    public async Task<RangeReply> OpenAsync(SourceFile file, long offset, long? end, CancellationToken cancellationToken)
    {
        if (redirected.TryGetValue(file.Path, out var direct))
        {
            var response = await transport.SendAsync(Request(direct, file, offset, end, authorization: null), cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return await RangeReply.FromAsync(response, file, offset, cancellationToken).ConfigureAwait(false);
            }

            response.Dispose();
            redirected.TryRemove(file.Path, out _);
        }

        var path = string.Join('/', file.Locator!.Split('/').Select(Uri.EscapeDataString));
        var resolve = new Uri($"{settings.Endpoint}/{uri.Repository}/resolve/{commit}/{path}");
        var answer = await transport.SendAsync(Request(resolve, file, offset, end, Authorization), cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            using (answer)
            {
                throw RangeReply.SaysChanged(answer.StatusCode) ? FetchException.SourceChanged($"{file.Path} of {Name} changed.") : Failure(answer, $"{file.Path} of {Name}");
            }
        }

        if (answer.RequestMessage?.RequestUri is { } final && !HttpTransport.IsSameOrigin(final, resolve))
        {
            redirected[file.Path] = final;
        }

        return await RangeReply.FromAsync(answer, file, offset, cancellationToken).ConfigureAwait(false);
    }

    private string? Authorization => settings.Token is { } token ? $"Bearer {token}" : null;

    private TransportRequest Request(Uri address, SourceFile file, long offset, long? end, string? authorization) => new(address, $"{file.Path} of {Name}")
    {
        Authorization = authorization,
        Headers = RangeReply.RangeHeader(file, offset, end) is { } range ? [("Range", range)] : [],
    };

    /// <summary>Mirrors that do not know blobs=true: the tree, page by page.</summary>
    private async Task<List<JsonElement>> ListTreeAsync(string sha, CancellationToken cancellationToken)
    {
        var entries = new List<JsonElement>();
        var next = new Uri($"{settings.Endpoint}/api/models/{uri.Repository}/tree/{sha}?recursive=true");
        while (next is not null)
        {
            var address = next;
            using var response = await SendAsync(address, cancellationToken).ConfigureAwait(false);
            using var page = JsonDocument.Parse(await transport.ReadAsync(response, Name, MostListingBytes, cancellationToken).ConfigureAwait(false));
            entries.AddRange(page.RootElement.EnumerateArray().Where(e => e.GetProperty("type").GetString() == "file").Select(e => e.Clone()));
            if (entries.Count > ObjectPrefix.MostObjects)
            {
                throw new FetchException(FetchExitCode.InvalidModel, $"{Name} has more than {ObjectPrefix.MostObjects} files.");
            }

            next = NextPage(response, address);
        }

        return entries;
    }

    /// <summary>The Link header's rel="next" (RFC 8288), on the same server only.</summary>
    private static Uri? NextPage(HttpResponseMessage response, Uri address)
    {
        if (!response.Headers.TryGetValues("Link", out var links))
        {
            return null;
        }

        var link = links.SelectMany(l => l.Split(',')).FirstOrDefault(l => l.Contains("rel=\"next\"", StringComparison.Ordinal));
        var begin = link?.IndexOf('<', StringComparison.Ordinal) ?? -1;
        var end = link?.IndexOf('>', StringComparison.Ordinal) ?? -1;
        return begin >= 0 && end > begin && Uri.TryCreate(address, link![(begin + 1)..end], out var next) && HttpTransport.IsSameOrigin(address, next) && next != address ? next : null;
    }

    private SourceFile? FileOf(JsonElement entry, string repositoryPath, string blobName, string lfsName)
    {
        if (!repositoryPath.StartsWith(uri.Folder, StringComparison.Ordinal) || RelativePath.Normalize(repositoryPath[uri.Folder.Length..]) is not { } path)
        {
            return null;
        }

        var size = entry.GetProperty("size").GetInt64();
        ContentDigest? digest = null;
        if (entry.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object)
        {
            digest = lfs.TryGetProperty(lfsName, out var sha256) && sha256.GetString() is { Length: 64 } hex ? ContentDigest.Sha256(hex) : null;
            size = lfs.TryGetProperty("size", out var large) ? large.GetInt64() : size;
        }
        else if (entry.TryGetProperty(blobName, out var blob) && blob.GetString() is { Length: 40 } oid)
        {
            digest = new ContentDigest(DigestAlgorithm.GitBlob, oid.ToLowerInvariant());
        }

        return new SourceFile(path, size) { Digest = digest, ETag = null, Locator = repositoryPath };
    }

    private async Task<JsonElement> GetJsonAsync(Uri address, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(address, cancellationToken).ConfigureAwait(false);
        try
        {
            using var document = JsonDocument.Parse(await transport.ReadAsync(response, Name, MostListingBytes, cancellationToken).ConfigureAwait(false));
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new FetchException(FetchExitCode.Unexpected, $"{Name}: {SafeName.Of(settings.Endpoint)} answers no JSON: is it a Hugging Face endpoint?", e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Uri address, CancellationToken cancellationToken)
    {
        var response = await transport.SendAsync(new TransportRequest(address, Name) { Authorization = Authorization }, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw Failure(response, Name);
        }
    }

    /// <summary>By the X-Error-Code that the Hub sends, which says more than the status: a private and an absent repository are both 401.</summary>
    private FetchException Failure(HttpResponseMessage response, string what)
    {
        var code = response.Headers.TryGetValues("X-Error-Code", out var codes) ? codes.FirstOrDefault() : null;
        var token = settings.Token is null ? "no token is given (HF_TOKEN)" : "the token given (HF_TOKEN) has no access to it";
        return (code, response.StatusCode) switch
        {
            ("GatedRepo", _) => new FetchException(FetchExitCode.Unauthorized, $"{Name} is gated and {token}: accept its terms on the Hub and give a token of that account."),
            ("RepoNotFound", _) or (null, HttpStatusCode.Unauthorized or HttpStatusCode.NotFound) when settings.Token is null && what == Name =>
                new FetchException(FetchExitCode.NotFound, $"{Name} does not exist, or is private and {token}."),
            ("RepoNotFound", _) => new FetchException(FetchExitCode.NotFound, $"{Name} does not exist, or is private and {token}."),
            ("RevisionNotFound", _) => new FetchException(FetchExitCode.NotFound, $"{Name} does not exist: the repository has no revision {uri.Revision}."),
            ("DisabledRepo", _) => new FetchException(FetchExitCode.Unauthorized, $"{Name} is disabled on the Hub."),
            _ => StatusFailure.Of(response, what, time),
        };
    }
}
