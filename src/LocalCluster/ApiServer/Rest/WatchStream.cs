using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Conversion;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>Turns store events into the lines of one watch, seen through its selectors.</summary>
internal sealed class WatchStream(ResourceRequest request, AnswerWriter answers, AcceptedForm form, ObjectFilter filter)
{
    private bool _columnsSent;

    public async Task AddedAsync(JsonObject stored, CancellationToken cancellationToken)
    {
        var value = VersionConversion.ToServed(request.Resource, stored);
        if (filter.Matches(value))
        {
            await SendAsync("ADDED", value, cancellationToken);
        }
    }

    /// <returns>Whether the watcher was told.</returns>
    public async Task<bool> ChangedAsync(StoreEvent change, CancellationToken cancellationToken)
    {
        var value = VersionConversion.ToServed(request.Resource, change.Object.Value);
        var before = change.Previous is null ? null : VersionConversion.ToServed(request.Resource, change.Previous.Value);
        var matchedBefore = before is not null && filter.Matches(before);
        var matches = change.Type != StoreEventType.Deleted && filter.Matches(value);
        switch (matchedBefore, matches)
        {
            case (false, false):
                return false;
            case (false, true):
                await SendAsync("ADDED", value, cancellationToken);
                return true;
            case (true, true):
                await SendAsync("MODIFIED", value, cancellationToken);
                return true;
            default:
                // Leaving the selection shows the object as it was while it matched, at the revision of the change.
                var last = change.Type == StoreEventType.Deleted && filter.Matches(value) ? value : (JsonObject)before!.DeepClone();
                if (!ReferenceEquals(last, value))
                {
                    last["metadata"]!["resourceVersion"] = change.Revision.ToString(CultureInfo.InvariantCulture);
                }

                await SendAsync("DELETED", last, cancellationToken);
                return true;
        }
    }

    public Task BookmarkAsync(long revision, bool initialEventsEnd, CancellationToken cancellationToken)
    {
        var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) };
        if (initialEventsEnd)
        {
            metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        }

        var bookmark = new JsonObject
        {
            ["kind"] = request.Resource.Kind,
            ["apiVersion"] = request.Resource.ApiVersion,
            ["metadata"] = metadata,
        };
        if (form == AcceptedForm.PartialObjectMetadata)
        {
            bookmark = AnswerWriter.PartialMetadata(bookmark);
        }
        else if (form == AcceptedForm.Table)
        {
            bookmark = new JsonObject
            {
                ["kind"] = "Table",
                ["apiVersion"] = "meta.k8s.io/v1",
                ["metadata"] = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) },
                ["columnDefinitions"] = null,
                ["rows"] = new JsonArray(new JsonObject { ["cells"] = new JsonArray(), ["object"] = AnswerWriter.PartialMetadata(bookmark) }),
            };
        }

        return WriteAsync("BOOKMARK", bookmark, cancellationToken);
    }

    public Task GoneAsync(long asked, long oldest, CancellationToken cancellationToken) => WriteAsync(
        "ERROR", new ApiException(410, $"too old resource version: {asked} ({oldest})", "Expired", null).ToStatus(), cancellationToken);

    public Task FlushAsync(CancellationToken cancellationToken) => request.Http.Response.Body.FlushAsync(cancellationToken);

    private Task SendAsync(string type, JsonObject value, CancellationToken cancellationToken)
    {
        var shaped = answers.Shape(request, form, request.Resource, value, withColumns: !_columnsSent);
        _columnsSent = true;
        return WriteAsync(type, shaped, cancellationToken);
    }

    private async Task WriteAsync(string type, JsonObject value, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer, JsonAnswer.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WritePropertyName("object");
            value.WriteTo(writer);
            writer.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        await request.Http.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), cancellationToken);
    }
}
