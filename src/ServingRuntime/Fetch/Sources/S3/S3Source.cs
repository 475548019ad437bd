using System.Globalization;
using System.Net;
using System.Xml;
using System.Xml.Linq;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.S3;

/// <summary>
/// A model in S3 or a server that speaks it: ListObjectsV2 page by page, GetObject by ranges. Objects that carry a SHA-256 or CRC-32C of their whole
/// content are checked against it; an ETag tells a change, and nothing of the content (it is no digest of encrypted or multipart objects).
/// </summary>
internal sealed class S3Source(ObjectPrefix prefix, S3Settings settings, AwsCredentialChain chain, HttpTransport transport, TimeProvider time) : IModelSource
{
    private const int MostBodyBytes = 16 << 20;
    private const int HeadsAtOnce = 8;
    private string region = settings.Region;

    public string Name => SafeName.Of(prefix.Name);

    public async Task<SourceListing> ListAsync(CancellationToken cancellationToken)
    {
        var files = new List<SourceFile>();
        string? continuation = null;
        do
        {
            List<(string, string)> query = [("list-type", "2"), ("max-keys", "1000"), ("prefix", prefix.Prefix)];
            if (continuation is not null)
            {
                query.Add(("continuation-token", continuation));
            }

            using var response = await SendAsync(HttpMethod.Get, "", query, [], Name, cancellationToken).ConfigureAwait(false);
            var body = await transport.ReadAsync(response, Name, MostBodyBytes, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw Failure(response, Name, S3Error.CodeOf(body));
            }

            continuation = AddPage(files, body);
            if (files.Count > ObjectPrefix.MostObjects)
            {
                throw prefix.TooMany();
            }
        }
        while (continuation is not null);

        return files.Count == 0 ? throw prefix.Empty() : new SourceListing(null, await WithDigestsAsync(files, cancellationToken).ConfigureAwait(false), prefix.NamedWeights);
    }

    public async Task<RangeReply> OpenAsync(SourceFile file, long offset, long? end, CancellationToken cancellationToken)
    {
        IReadOnlyList<(string, string)> headers = RangeReply.RangeHeader(file, offset, end) is { } range ? [("range", range)] : [];
        var what = $"{file.Path} of {Name}";
        var response = await SendAsync(HttpMethod.Get, file.Locator!, [], headers, what, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return await RangeReply.FromAsync(response, file, offset, cancellationToken).ConfigureAwait(false);
        }

        using (response)
        {
            throw RangeReply.SaysChanged(response.StatusCode)
                ? FetchException.SourceChanged($"{what} changed.")
                : Failure(response, what, S3Error.CodeOf(await transport.ReadAsync(response, what, MostBodyBytes, cancellationToken).ConfigureAwait(false)));
        }
    }

    /// <summary>The continuation token; null after the last page.</summary>
    private string? AddPage(List<SourceFile> files, byte[] body)
    {
        try
        {
            var root = XDocument.Load(new MemoryStream(body)).Root!;
            string? Text(XElement parent, string name) => parent.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value;
            foreach (var item in root.Elements().Where(e => e.Name.LocalName == "Contents"))
            {
                var key = Text(item, "Key") ?? "";
                if (prefix.PathOf(key) is { } path)
                {
                    var size = long.Parse(Text(item, "Size")!, NumberStyles.None, CultureInfo.InvariantCulture);
                    files.Add(new SourceFile(path, size) { ETag = Text(item, "ETag")?.Trim('"'), Locator = key });
                }
            }

            return Text(root, "IsTruncated") == "true" ? Text(root, "NextContinuationToken") : null;
        }
        catch (Exception e) when (e is XmlException or FormatException or ArgumentNullException or OverflowException)
        {
            throw new FetchException(FetchExitCode.Unexpected, $"{Name}: the server answers no listing of S3: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Asks for the digests of what a model may need; a server that knows none, or forbids the question, costs nothing else.</summary>
    private async Task<IReadOnlyList<SourceFile>> WithDigestsAsync(List<SourceFile> files, CancellationToken cancellationToken)
    {
        var result = files.ToArray();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, result.Length).Where(i => CheckpointFiles.IsWanted(result[i].Path)),
            new ParallelOptions { MaxDegreeOfParallelism = HeadsAtOnce, CancellationToken = cancellationToken },
            async (i, token) =>
            {
                using var head = await SendAsync(HttpMethod.Head, result[i].Locator!, [], [("x-amz-checksum-mode", "ENABLED")], $"{result[i].Path} of {Name}", token).ConfigureAwait(false);
                if (head.IsSuccessStatusCode && head.Headers.ETag?.Tag.Trim('"') == result[i].ETag)
                {
                    // A composite checksum (of parts' checksums) has a dash and the number of parts at its end, and is no base64.
                    string? Header(string name) => head.Headers.TryGetValues(name, out var values) ? values.First() : null;
                    var digest = ContentDigest.FromBase64(DigestAlgorithm.Sha256, Header("x-amz-checksum-sha256")) ?? ContentDigest.FromBase64(DigestAlgorithm.Crc32C, Header("x-amz-checksum-crc32c"));
                    result[i] = result[i] with { Digest = digest };
                }
            }).ConfigureAwait(false);
        return result;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string key, IReadOnlyList<(string, string)> query, IReadOnlyList<(string, string)> headers, string what, CancellationToken cancellationToken)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            var asked = region;
            var response = await SendOnceAsync(method, key, query, headers, what, asked, cancellationToken).ConfigureAwait(false);
            var actual = response.Headers.TryGetValues("x-amz-bucket-region", out var values) ? values.First() : null;
            if (isSecond || actual is null || actual == asked || (int)response.StatusCode is not (301 or 307 or 400 or 403) || !actual.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            {
                return response;
            }

            // The bucket lives elsewhere: signatures name the region.
            response.Dispose();
            region = actual;
        }
    }

    private async Task<HttpResponseMessage> SendOnceAsync(
        HttpMethod method, string key, IReadOnlyList<(string, string)> query, IReadOnlyList<(string, string)> headers, string what, string signedRegion, CancellationToken cancellationToken)
    {
        var (origin, basePath) = settings.AddressOf(prefix.Bucket, signedRegion);
        var path = $"{basePath}/{SignatureV4.Path(key)}";
        var text = query.Count == 0 ? path : $"{path}?{SignatureV4.Query(query)}";
        // What is signed must be what is sent, to the byte.
        var uri = new Uri(origin.GetLeftPart(UriPartial.Authority) + text, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var sent = headers;
        string? authorization = null;
        if (await chain.GetAsync(cancellationToken).ConfigureAwait(false) is { } credentials)
        {
            List<(string Name, string Value)> signed = [("host", uri.Authority), ("x-amz-content-sha256", SignatureV4.EmptyPayload), ("x-amz-date", SignatureV4.Timestamp(time.GetUtcNow())), .. headers];
            if (credentials.SessionToken is { } session)
            {
                signed.Add(("x-amz-security-token", session));
            }

            authorization = SignatureV4.Authorization(method.Method, path, query, signed, SignatureV4.EmptyPayload, credentials, signedRegion, "s3");
            sent = [.. signed.Where(h => h.Name != "host")];
        }

        // Redirects of S3 name another region's host, which needs another signature.
        return await transport.SendAsync(new TransportRequest(uri, what) { Method = method, Headers = sent, Authorization = authorization, FollowRedirects = false }, cancellationToken).ConfigureAwait(false);
    }

    private FetchException Failure(HttpResponseMessage response, string what, string? code) => (code, response.StatusCode) switch
    {
        ("NoSuchBucket", _) => new FetchException(FetchExitCode.NotFound, $"{Name} does not exist: there is no bucket {prefix.Bucket}."),
        ("ExpiredToken" or "InvalidAccessKeyId" or "SignatureDoesNotMatch" or "InvalidToken" or "TokenRefreshRequired", _) =>
            new FetchException(FetchExitCode.Unauthorized, $"{what}: the credentials are refused ({code})."),
        ("RequestTimeTooSkewed", _) => new FetchException(FetchExitCode.Unauthorized, $"{what}: this machine's clock differs too much from the server's ({code})."),
        (_, HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect) =>
            new FetchException(FetchExitCode.NotFound, $"{what}: the bucket is in another region than {region}; set AWS_REGION ({code ?? "redirect"})."),
        _ => StatusFailure.Of(response, what, time, code),
    };
}
