using System.Globalization;
using System.Text.Json;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.Gcs;

/// <summary>
/// A model in Google Cloud Storage (JSON API): objects listed page by page with size, CRC-32C and generation, and read at that generation, so that an
/// object written over meanwhile is not mixed up with its older self.
/// </summary>
internal sealed class GcsSource(ObjectPrefix prefix, GcsSettings settings, GcsCredentials credentials, HttpTransport transport, TimeProvider time) : IModelSource
{
    private const int MostBodyBytes = 32 << 20;

    public string Name => SafeName.Of(prefix.Name);

    public async Task<SourceListing> ListAsync(CancellationToken cancellationToken)
    {
        var files = new List<SourceFile>();
        var bucket = Uri.EscapeDataString(prefix.Bucket);
        string? page = null;
        do
        {
            var address = $"{settings.Endpoint}/storage/v1/b/{bucket}/o?prefix={Uri.EscapeDataString(prefix.Prefix)}&maxResults=1000&fields={Uri.EscapeDataString("items(name,size,crc32c,generation),nextPageToken")}"
                + (page is null ? "" : $"&pageToken={Uri.EscapeDataString(page)}");
            using var response = await SendAsync(address, null, Name, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                throw StatusFailure.Of(response, Name, time);
            }

            page = AddPage(files, await transport.ReadAsync(response, Name, MostBodyBytes, cancellationToken).ConfigureAwait(false));
            if (files.Count > ObjectPrefix.MostObjects)
            {
                throw prefix.TooMany();
            }
        }
        while (page is not null);

        return files.Count == 0 ? throw prefix.Empty() : new SourceListing(null, files, prefix.NamedWeights);
    }

    public async Task<RangeReply> OpenAsync(SourceFile file, long offset, long? end, CancellationToken cancellationToken)
    {
        // The locator is the object's name and, after the last '#', its generation.
        var mark = file.Locator!.LastIndexOf('#');
        var address = $"{settings.Endpoint}/storage/v1/b/{Uri.EscapeDataString(prefix.Bucket)}/o/{Uri.EscapeDataString(file.Locator[..mark])}?alt=media&generation={file.Locator[(mark + 1)..]}";
        var what = $"{file.Path} of {Name}";
        var response = await SendAsync(address, RangeReply.RangeHeader(file, offset, end), what, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            // Its ETag is of the answer's own making, not the listing's.
            return await RangeReply.FromAsync(response, file with { ETag = null }, offset, cancellationToken).ConfigureAwait(false);
        }

        using (response)
        {
            // The generation that was listed is gone: another has taken its place, or none.
            throw RangeReply.SaysChanged(response.StatusCode) || (int)response.StatusCode == 404
                ? FetchException.SourceChanged($"{what} changed or went since it was listed.")
                : StatusFailure.Of(response, what, time);
        }
    }

    private string? AddPage(List<SourceFile> files, byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            foreach (var item in document.RootElement.TryGetProperty("items", out var items) ? items.EnumerateArray() : default)
            {
                var key = item.GetProperty("name").GetString()!;
                if (prefix.PathOf(key) is not { } path)
                {
                    continue;
                }

                var size = long.Parse(item.GetProperty("size").GetString()!, NumberStyles.None, CultureInfo.InvariantCulture);
                var generation = item.GetProperty("generation").GetString()!;
                files.Add(new SourceFile(path, size)
                {
                    ETag = generation,
                    Digest = item.TryGetProperty("crc32c", out var crc) ? ContentDigest.FromBase64(DigestAlgorithm.Crc32C, crc.GetString()) : null,
                    Locator = $"{key}#{generation}",
                });
            }

            return document.RootElement.TryGetProperty("nextPageToken", out var next) ? next.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException or ArgumentNullException)
        {
            throw new FetchException(FetchExitCode.Unexpected, $"{Name}: the server answers no listing of Cloud Storage: {e.Message}", e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(string address, string? range, string what, CancellationToken cancellationToken)
    {
        var request = new TransportRequest(new Uri(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }), what)
        {
            Authorization = await credentials.GetAsync(cancellationToken).ConfigureAwait(false),
            Headers = range is null ? [] : [("Range", range)],
        };
        return await transport.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }
}
