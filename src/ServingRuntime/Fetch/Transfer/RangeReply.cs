using System.Net;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>An open answer. <paramref name="Start"/> is where its bytes begin: before what was asked for where the source cannot serve ranges.</summary>
internal sealed record RangeReply(HttpResponseMessage Response, Stream Content, long Start) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync().ConfigureAwait(false);
        Response.Dispose();
    }

    /// <summary>The Range header's value; null: the whole file, for which none is needed.</summary>
    public static string? RangeHeader(SourceFile file, long offset, long? end) =>
        offset == 0 && (end is null || end == file.Size) ? null : end is null ? $"bytes={offset}-" : $"bytes={offset}-{end - 1}";

    /// <summary>
    /// Checks an answer of 200 or 206 against what is known of the file. Takes the response over; it is disposed where this throws.
    /// </summary>
    /// <exception cref="FetchException">The content is another than listed (to be listed again), or the answer is not what was asked for (to be retried).</exception>
    public static async Task<RangeReply> FromAsync(HttpResponseMessage response, SourceFile file, long offset, CancellationToken cancellationToken)
    {
        try
        {
            var start = Check(response, file, offset);
            return new RangeReply(response, await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), start);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>Statuses by which a server says that the file is another than the one asked for.</summary>
    public static bool SaysChanged(HttpStatusCode status) => status is HttpStatusCode.RequestedRangeNotSatisfiable or HttpStatusCode.PreconditionFailed;

    private static long Check(HttpResponseMessage response, SourceFile file, long offset)
    {
        if (file.ETag is { } expected && response.Headers.ETag is { IsWeak: false } tag && tag.Tag.Trim('"') != expected)
        {
            throw FetchException.SourceChanged($"{file.Path} changed at its source while it was fetched.");
        }

        if (response.Content.Headers.ContentEncoding.Count > 0)
        {
            throw FetchException.Transient($"{file.Path} came encoded ({string.Join(", ", response.Content.Headers.ContentEncoding)}), although it was asked for as it is.");
        }

        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            var range = response.Content.Headers.ContentRange;
            if (range?.From is not { } from || from != offset)
            {
                throw FetchException.Transient($"{file.Path}: bytes from {offset} were asked for and the answer is of {range?.ToString() ?? "no range"}.");
            }

            if (file.Size is { } size && range.Length is { } length && length != size)
            {
                throw FetchException.SourceChanged($"{file.Path} was listed with {size} bytes and has {length} now.");
            }

            return offset;
        }

        if (file.Size is { } whole && response.Content.Headers.ContentLength is { } announced && announced != whole)
        {
            throw FetchException.SourceChanged($"{file.Path} was listed with {whole} bytes and is answered with {announced}.");
        }

        return 0;
    }
}
