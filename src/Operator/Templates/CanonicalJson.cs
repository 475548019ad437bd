using System.Text.Json.Nodes;

namespace Octavo.Operator.Templates;

/// <summary>One form of a JSON value whatever order its members came in: API servers sort them, builders do not.</summary>
internal static class CanonicalJson
{
    /// <summary>A copy whose objects have their members in ordinal order; lists keep theirs.</summary>
    public static JsonNode? Of(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, Of(m.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Of)]),
        _ => node?.DeepClone(),
    };
}
