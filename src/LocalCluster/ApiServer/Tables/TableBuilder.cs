using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>Renders objects as the Table that `kubectl get` prints.</summary>
internal sealed class TableBuilder(TimeProvider time, TableColumns tableColumns)
{
    /// <summary>What each row carries beside its cells: None, Metadata or Object.</summary>
    /// <exception cref="ApiException">400 for anything else.</exception>
    public string IncludeObject(ResourceRequest request) => request.Query("includeObject") switch
    {
        null or "" or "Metadata" => "Metadata",
        "Object" => "Object",
        "None" => "None",
        var other => throw ApiErrors.BadRequest(
            $"Unable to convert to Table as requested: includeObject: Invalid value: \"{other}\": must be 'Metadata', 'Object', 'None', or empty"),
    };

    /// <param name="metadata">metadata of the Table; belongs to it from then on.</param>
    public JsonObject Build(ResourceDefinition resource, IReadOnlyList<JsonObject> items, JsonObject metadata, string includeObject, bool withColumns)
    {
        var columns = tableColumns.For(resource);
        var now = time.GetUtcNow();
        var rows = new JsonArray();
        foreach (var item in items)
        {
            var cells = new JsonArray();
            foreach (var column in columns)
            {
                cells.Add(column.Cell(item, now));
            }

            rows.Add((JsonNode)new JsonObject
            {
                ["cells"] = cells,
                ["object"] = includeObject switch
                {
                    "None" => null,
                    "Object" => item.DeepClone(),
                    _ => AnswerWriter.PartialMetadata(item),
                },
            });
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = metadata.DeepClone(),
            ["columnDefinitions"] = withColumns ? new JsonArray([.. columns.Select(c => (JsonNode)c.ToDefinition())]) : null,
            ["rows"] = rows,
        };
    }
}
