using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>How the cell of a built-in resource's column is made: by its own rule, or from the field that the column names.</summary>
internal static class TableCells
{
    /// <param name="resource">`deployments.apps`.</param>
    /// <param name="path">The field that the column shows, or null.</param>
    public static Func<JsonObject, DateTimeOffset, JsonNode?> For(string resource, string column, string type, string? path)
    {
        if (path == "metadata.creationTimestamp")
        {
            return type == "date" ? ((o, _) => o["metadata"]?["creationTimestamp"]?.DeepClone()) : CellText.Age;
        }

        return (value, now) =>
        {
            var (handled, cell) = Special(resource, column, value, now);
            return handled ? cell : Plain(value, type, path);
        };
    }

    private static (bool Handled, JsonNode? Cell) Special(string resource, string column, JsonObject value, DateTimeOffset now)
    {
        if (column == "Name")
        {
            return (false, null);
        }

        var cell = resource switch
        {
            "pods" => PodCells.Cell(column, value, now),
            _ when WorkloadCells.Handles(resource) => WorkloadCells.Cell(resource, column, value, now),
            _ when ServiceCells.Handles(resource) => ServiceCells.Cell(resource, column, value),
            _ => null,
        };
        return cell is not null ? (true, cell) : ClusterCells.Cell(resource, column, value, now);
    }

    private static JsonNode? Plain(JsonObject value, string type, string? path)
    {
        var node = path is null ? null : CellText.At(value, path);

        // Counts that are not set are zero; Deployment's string columns hold such counts too.
        var isCount = type == "integer" || path is "status.updatedReplicas" or "status.availableReplicas";
        return node?.DeepClone() ?? (isCount ? 0 : type == "boolean" ? false : "");
    }
}
