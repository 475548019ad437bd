using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Conversion;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>get and list.</summary>
internal sealed class ReadHandler(ApiServerCore core, AnswerWriter answers)
{
    private static readonly TimeSpan FutureRevisionPatience = TimeSpan.FromSeconds(3);

    public Task GetAsync(ResourceRequest request)
    {
        Negotiation.Of(request.Http.Request, isList: false);
        var stored = Find(request);
        return answers.WriteObjectAsync(request, 200, VersionConversion.ToServed(request.Resource, stored.Value));
    }

    /// <exception cref="ApiException">404.</exception>
    public StoredObject Find(ResourceRequest request) =>
        core.Store.Get(request.Resource.Storage, request.Namespace, request.Name)
        ?? throw ApiErrors.NotFound(request.Resource, request.Name);

    public async Task ListAsync(ResourceRequest request)
    {
        Negotiation.Of(request.Http.Request, isList: true);
        var filter = ObjectFilter.Of(request);
        ListOptionsCheck.ForList(request);
        var limit = request.Number("limit") ?? 0;
        var token = request.Query("continue");
        string? startAfter = null;
        StoreSnapshot snapshot;
        if (!string.IsNullOrEmpty(token))
        {
            if (request.Query("resourceVersion") is { Length: > 0 } and not "0")
            {
                throw ApiErrors.BadRequest("specifying resource version is not allowed when using continue");
            }

            var decoded = ContinueToken.Decode(token);
            startAfter = request.Namespace.Length == 0 ? decoded.After : $"{request.Namespace}/{decoded.After}";
            snapshot = decoded.Revision < 0
                ? core.Store.Snapshot(request.Resource.Storage)
                : core.Store.SnapshotAt(request.Resource.Storage, decoded.Revision) ?? throw Expired(decoded);
        }
        else
        {
            snapshot = await SnapshotAsync(request);
        }

        var items = new List<JsonObject>();
        string? last = null;
        string? next = null;
        var remaining = 0L;
        foreach (var stored in snapshot.In(request.Namespace, startAfter))
        {
            var value = VersionConversion.ToServed(request.Resource, stored.Value);
            if (!filter.Matches(value))
            {
                continue;
            }

            if (limit > 0 && items.Count == limit)
            {
                next ??= last;
                remaining++;
                continue;
            }

            items.Add(value);
            last = request.Namespace.Length == 0 ? stored.Key : stored.Name;
        }

        var metadata = new JsonObject { ["resourceVersion"] = snapshot.Revision.ToString(CultureInfo.InvariantCulture) };
        if (next is not null)
        {
            metadata["continue"] = new ContinueToken(snapshot.Revision, next).Encode();
            if (filter.IsEmpty)
            {
                metadata["remainingItemCount"] = remaining;
            }
        }
        else if (request.Resource.IsCustom && Negotiation.Of(request.Http.Request, true).Form == AcceptedForm.Object)
        {
            metadata["continue"] = "";
        }

        await answers.WriteListAsync(request, items, metadata);
    }

    private async Task<StoreSnapshot> SnapshotAsync(ResourceRequest request)
    {
        var text = request.Query("resourceVersion");
        if (string.IsNullOrEmpty(text) || text == "0")
        {
            return core.Store.Snapshot(request.Resource.Storage);
        }

        var revision = ListOptionsCheck.Revision(text);
        if (revision > core.Store.Revision)
        {
            // The revision may be under way to this server; a real one waits as long.
            await Task.Delay(FutureRevisionPatience, core.Time, request.Aborted);
            if (revision > core.Store.Revision)
            {
                throw TooLarge(revision);
            }
        }

        if (request.Query("resourceVersionMatch") != "Exact")
        {
            return core.Store.Snapshot(request.Resource.Storage);
        }

        return core.Store.SnapshotAt(request.Resource.Storage, revision) ?? throw new ApiException(
            410, "The resourceVersion for the provided list is too old.", "Expired", null);
    }

    private ApiException TooLarge(long revision) => new(
        504, $"Timeout: Too large resource version: {revision}, current: {core.Store.Revision}", "Timeout", new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
            ["retryAfterSeconds"] = 1,
        })
    { RetryAfterSeconds = 1 };

    private static ApiException Expired(ContinueToken token) => new(
        410,
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue "
        + "parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token "
        + "results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and "
        + "now may show up in the list.",
        "Expired",
        null)
    { Metadata = new JsonObject { ["continue"] = new ContinueToken(-1, token.After).Encode() } };
}
