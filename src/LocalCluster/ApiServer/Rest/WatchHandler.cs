using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>watch: one JSON object a line, until the timeout, the client or the server ends it.</summary>
internal sealed class WatchHandler(ApiServerCore core, AnswerWriter answers)
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan BookmarkInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BookmarkBeforeEnd = TimeSpan.FromSeconds(2);

    public async Task WatchAsync(ResourceRequest request)
    {
        var negotiation = Negotiation.Of(request.Http.Request, isList: true);
        var filter = ObjectFilter.Of(request);
        ListOptionsCheck.ForWatch(request);
        var text = request.Query("resourceVersion");
        var revision = string.IsNullOrEmpty(text) ? 0 : ListOptionsCheck.Revision(text);
        var timeout = request.Number("timeoutSeconds") is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : DefaultTimeout;

        request.Http.Response.ContentType = negotiation.ContentType;
        foreach (var warning in request.Warnings)
        {
            request.Http.Response.Headers.Append("Warning", $"299 - \"{warning}\"");
        }

        await request.Http.Response.StartAsync(request.Aborted);
        await request.Http.Response.Body.FlushAsync(request.Aborted);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, core.Stopping.Token);
        var stream = new WatchStream(request, answers, negotiation.Form, filter);
        if (request.WatchFault is { Kind: FaultKind.Gone } && revision > 0)
        {
            await stream.GoneAsync(revision, core.Store.Revision, ending.Token);
            return;
        }

        await using var breaking = request.WatchFault is { Kind: FaultKind.DroppedWatch } dropped
            ? core.Time.CreateTimer(static http => ((HttpContext)http!).Abort(), request.Http, dropped.Delay, Timeout.InfiniteTimeSpan)
            : null;
        try
        {
            await RunAsync(request, stream, revision, timeout, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client left, or the server stops: a watch simply ends.
        }
    }

    private async Task RunAsync(ResourceRequest request, WatchStream stream, long revision, TimeSpan timeout, CancellationToken ending)
    {
        var resource = request.Resource.Storage;
        var bookmarks = request.Flag("allowWatchBookmarks") == true;
        var initial = request.Flag("sendInitialEvents") ?? revision == 0;
        var cursor = revision;
        var told = revision;
        if (initial)
        {
            var snapshot = core.Store.Snapshot(resource);
            foreach (var stored in snapshot.In(request.Namespace))
            {
                await stream.AddedAsync(stored.Value, ending);
            }

            cursor = told = Math.Max(snapshot.Revision, revision);
            if (bookmarks)
            {
                await stream.BookmarkAsync(cursor, initialEventsEnd: true, ending);
            }

            await stream.FlushAsync(ending);
        }
        else if (revision == 0)
        {
            cursor = told = core.Store.Revision;
        }

        var start = core.Time.GetTimestamp();
        var nextBookmark = timeout > BookmarkBeforeEnd ? Min(BookmarkInterval, timeout - BookmarkBeforeEnd) : timeout;
        while (true)
        {
            if (core.Store.ReadEvents(resource, cursor) is not { } batch)
            {
                await stream.GoneAsync(cursor, core.Store.CompactedRevision + 1, ending);
                return;
            }

            foreach (var change in batch.Events)
            {
                if (change.Revision <= cursor || (request.Namespace.Length > 0 && change.Object.Namespace != request.Namespace))
                {
                    continue;
                }

                if (await stream.ChangedAsync(change, ending))
                {
                    told = change.Revision;
                }
            }

            cursor = Math.Max(cursor, batch.UpTo);
            await stream.FlushAsync(ending);
            var elapsed = core.Time.GetElapsedTime(start);
            if (elapsed >= timeout)
            {
                return;
            }

            if (elapsed >= nextBookmark)
            {
                if (bookmarks && cursor > told)
                {
                    await stream.BookmarkAsync(cursor, initialEventsEnd: false, ending);
                    await stream.FlushAsync(ending);
                    told = cursor;
                }

                nextBookmark = elapsed < timeout - BookmarkBeforeEnd
                    ? Min(elapsed + BookmarkInterval, timeout - BookmarkBeforeEnd)
                    : timeout;
            }

            var until = Min(timeout, bookmarks ? nextBookmark : timeout) - elapsed;
            await WaitAsync(core.Store.WaitForChangeAsync(resource, cursor), until, ending);
        }
    }

    private async Task WaitAsync(Task change, TimeSpan atMost, CancellationToken ending)
    {
        try
        {
            await change.WaitAsync(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, core.Time, ending);
        }
        catch (TimeoutException)
        {
            // Nothing changed: time for a bookmark or the end.
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
