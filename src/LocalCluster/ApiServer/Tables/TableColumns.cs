using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>
/// The columns of each resource: built-in ones from columns.json, whose descriptions are mostly those of the field that is shown,
/// and custom ones from their additionalPrinterColumns.
/// </summary>
internal sealed class TableColumns
{
    private readonly SchemaRegistry _schemas;
    private readonly JsonObject _builtIn;
    private readonly ConcurrentDictionary<ResourceDefinition, IReadOnlyList<TableColumn>> _columns = new();

    public TableColumns(SchemaRegistry schemas)
    {
        _schemas = schemas;
        using var stream = typeof(TableColumns).Assembly.GetManifestResourceStream("Tables/columns.json")!;
        _builtIn = JsonNode.Parse(stream)!.AsObject();
    }

    public IReadOnlyList<TableColumn> For(ResourceDefinition resource)
    {
        if (resource.IsCustom)
        {
            // Not kept: definitions come and go.
            return Custom(resource);
        }

        return _columns.GetOrAdd(resource, BuiltIn);
    }

    private static List<TableColumn> Custom(ResourceDefinition resource)
    {
        var columns = new List<TableColumn>
        {
            new("Name", "string", "name", "Name must be unique within a namespace. Is required when creating resources, although some resources may "
                + "allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence "
                + "and configuration definition. Cannot be updated. More info: "
                + "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names", 0, (o, _) => o["metadata"]?["name"]?.DeepClone()),
        };
        if (resource.PrinterColumns.Count == 0)
        {
            columns.Add(new TableColumn("Age", "date", "", "CreationTimestamp is a timestamp representing the server time when this object was created. "
                + "It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented "
                + "in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: "
                + "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata", 0, CellText.Age));
        }

        foreach (var printer in resource.PrinterColumns)
        {
            columns.Add(new TableColumn(
                printer.Name, printer.Type, printer.Format,
                printer.Description.Length > 0 ? printer.Description : $"Custom resource definition column (in JSONPath format): {printer.JsonPath}",
                printer.Priority, (o, now) => PrinterColumnCell.Read(printer, o, now)));
        }

        return columns;
    }

    private List<TableColumn> BuiltIn(ResourceDefinition resource)
    {
        var schema = _schemas.Find(resource.Group, resource.Version, resource.Kind);
        var columns = new List<TableColumn>();
        if (_builtIn[Key(resource)] is not JsonArray definitions)
        {
            definitions = new JsonArray(
                new JsonObject { ["name"] = "Name", ["type"] = "string", ["format"] = "name", ["from"] = "metadata.name" },
                new JsonObject { ["name"] = "Created At", ["type"] = "date", ["from"] = "metadata.creationTimestamp" });
        }

        foreach (var definition in definitions)
        {
            var name = definition!["name"]!.GetValue<string>();
            var type = definition["type"]!.GetValue<string>();
            var path = definition["from"]?.GetValue<string>();
            columns.Add(new TableColumn(
                name,
                type,
                definition["format"]?.GetValue<string>() ?? "",
                definition["description"]?.GetValue<string>() ?? Describe(schema, path ?? ""),
                (int)(definition["priority"].AsWhole() ?? 0),
                TableCells.For(Key(resource), name, type, path)));
        }

        return columns;
    }

    private static string Key(ResourceDefinition resource) => resource.QualifiedPlural;

    private static string Describe(ResourceSchema? schema, string path)
    {
        var description = "";
        foreach (var part in path.Split('.'))
        {
            schema = schema?.Field(part);
            description = schema?.Extension("description")?.GetValue<string>() ?? "";
        }

        // The documents append the values of enumerations, which columns do not show.
        var enumeration = description.IndexOf("\n\nPossible enum", StringComparison.Ordinal);
        return enumeration < 0 ? description : description[..enumeration];
    }
}
