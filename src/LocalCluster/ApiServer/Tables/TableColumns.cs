using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>The columns of each resource.</summary>
internal static class TableColumns
{
    public static IReadOnlyList<TableColumn> For(ResourceDefinition resource) =>
    [
        new TableColumn("Name", "string", "name", "", 0, (o, _) => o["metadata"]?["name"]?.DeepClone()),
        new TableColumn("Created At", "date", "", "", 0, (o, _) => o["metadata"]?["creationTimestamp"]?.DeepClone()),
    ];
}
