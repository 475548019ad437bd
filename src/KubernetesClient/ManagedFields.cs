using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;

namespace Octavo.KubernetesClient;

/// <summary>
/// Reads metadata.managedFields: the set of fields of each manager, as nested objects whose names are <c>f:field</c>, <c>k:{"name":"x"}</c> (an item of a list by its
/// keys), <c>v:"x"</c> (a value of a set) or <c>i:0</c>; an empty object is a field that is owned whole, <c>.</c> the object or item itself.
/// </summary>
public static class ManagedFields
{
    /// <summary>
    /// Who owns the field at <paramref name="path"/> or something below it; a manager that owns a whole object or list that the field is in owns the field.
    /// Segments are names of fields; those that begin with <c>k:</c>, <c>v:</c> or <c>i:</c> are taken as they are. Empty where nobody has said so.
    /// </summary>
    public static IReadOnlyList<FieldOwner> Owners(V1ObjectMeta metadata, params ReadOnlySpan<string> path) =>
        metadata.ManagedFields is { ValueKind: JsonValueKind.Array } entries ? Owners(JsonArray.Create(entries), path) : [];

    /// <summary>The same for an object without a type.</summary>
    public static IReadOnlyList<FieldOwner> Owners(JsonObject entity, params ReadOnlySpan<string> path) =>
        Owners(entity["metadata"]?["managedFields"] as JsonArray, path);

    private static List<FieldOwner> Owners(JsonArray? entries, ReadOnlySpan<string> path)
    {
        var owners = new List<FieldOwner>();
        foreach (var entry in (entries ?? []).OfType<JsonObject>())
        {
            if (Owns(entry["fieldsV1"] as JsonObject, path))
            {
                owners.Add(new FieldOwner((string?)entry["manager"] ?? "", (string?)entry["operation"] == "Apply", (string?)entry["subresource"]));
            }
        }

        return owners;
    }

    private static bool Owns(JsonObject? fields, ReadOnlySpan<string> path)
    {
        if (fields is null)
        {
            return false;
        }

        foreach (var segment in path)
        {
            var name = segment.StartsWith("k:", StringComparison.Ordinal) || segment.StartsWith("v:", StringComparison.Ordinal) || segment.StartsWith("i:", StringComparison.Ordinal)
                ? segment
                : $"f:{segment}";
            if (fields[name] is not JsonObject next)
            {
                return false;
            }

            // Nothing more below it: it is owned whole, with everything that the path still names.
            if (next.Count == 0)
            {
                return true;
            }

            fields = next;
        }

        return true;
    }
}
