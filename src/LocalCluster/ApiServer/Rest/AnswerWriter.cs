using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Tables;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>Writes objects and lists in the form that the client accepts: itself, a Table, or its metadata only.</summary>
internal sealed class AnswerWriter(TableBuilder tables)
{
    public Task WriteObjectAsync(ResourceRequest request, int code, JsonObject value, ResourceDefinition? shownAs = null)
    {
        var negotiation = Negotiation.Of(request.Http.Request, isList: false);
        var body = Shape(request, negotiation.Form, shownAs ?? request.Resource, value, withColumns: true);
        return JsonAnswer.WriteAsync(request.Http, code, body, negotiation.ContentType, request.Warnings);
    }

    /// <summary>The object in the negotiated form. The argument may be returned.</summary>
    public JsonObject Shape(ResourceRequest request, AcceptedForm form, ResourceDefinition resource, JsonObject value, bool withColumns) => form switch
    {
        AcceptedForm.Table when value["kind"]?.GetValue<string>() != "Status" => tables.Build(
            resource, [value], new JsonObject(ResourceVersionOf(value)), tables.IncludeObject(request), withColumns),
        AcceptedForm.PartialObjectMetadata when value["kind"]?.GetValue<string>() != "Status" => PartialMetadata(value),
        _ => value,
    };

    public async Task WriteListAsync(
        ResourceRequest request, IReadOnlyList<JsonObject> items, JsonObject listMetadata)
    {
        var negotiation = Negotiation.Of(request.Http.Request, isList: true);
        var resource = request.Resource;
        if (negotiation.Form == AcceptedForm.Table)
        {
            var table = tables.Build(resource, items, listMetadata, tables.IncludeObject(request), withColumns: true);
            await JsonAnswer.WriteAsync(request.Http, 200, table, negotiation.ContentType, request.Warnings);
            return;
        }

        var partial = negotiation.Form == AcceptedForm.PartialObjectMetadata;
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer, JsonAnswer.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", partial ? "PartialObjectMetadataList" : resource.ListKind);
            writer.WriteString("apiVersion", partial ? "meta.k8s.io/v1" : resource.ApiVersion);
            writer.WritePropertyName("metadata");
            listMetadata.WriteTo(writer);
            writer.WriteStartArray("items");
            foreach (var item in items)
            {
                if (partial)
                {
                    PartialMetadata(item).WriteTo(writer);
                }
                else
                {
                    WriteItem(writer, item, withType: resource.IsCustom);
                }
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        await JsonAnswer.WriteAsync(request.Http, 200, buffer, negotiation.ContentType, request.Warnings);
    }

    // Items of built-in lists carry no kind and apiVersion of their own.
    private static void WriteItem(Utf8JsonWriter writer, JsonObject item, bool withType)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in item)
        {
            if (withType || name is not ("kind" or "apiVersion"))
            {
                writer.WritePropertyName(name);
                if (value is null)
                {
                    writer.WriteNullValue();
                }
                else
                {
                    value.WriteTo(writer);
                }
            }
        }

        writer.WriteEndObject();
    }

    public static JsonObject PartialMetadata(JsonObject value) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = value["metadata"]?.DeepClone(),
    };

    private static IEnumerable<KeyValuePair<string, JsonNode?>> ResourceVersionOf(JsonObject value) =>
        value["metadata"]?["resourceVersion"] is { } version ? [new("resourceVersion", version.DeepClone())] : [];
}
