using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>One column of a Table.</summary>
/// <param name="Priority">0 is always shown, more only by `-o wide`.</param>
/// <param name="Cell">The cell of an object at a time; a string, a number, a boolean or null.</param>
internal sealed record TableColumn(
    string Name, string Type, string Format, string Description, int Priority, Func<JsonObject, DateTimeOffset, JsonNode?> Cell)
{
    public JsonObject ToDefinition() => new()
    {
        ["name"] = Name,
        ["type"] = Type,
        ["format"] = Format,
        ["description"] = Description,
        ["priority"] = Priority,
    };
}
