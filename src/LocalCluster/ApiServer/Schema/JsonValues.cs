using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Reads and prints JSON values as the Go server does.</summary>
internal static class JsonValues
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static JsonValueKind Kind(this JsonNode? node) => node?.GetValueKind() ?? JsonValueKind.Null;

    public static string? AsText(this JsonNode? node) => node.Kind() == JsonValueKind.String ? node!.GetValue<string>() : null;

    public static bool IsTrue(this JsonNode? node) => node.Kind() == JsonValueKind.True;

    /// <summary>The whole number that a node holds: 3, 3.0 and 3e0 are whole; null for anything else.</summary>
    public static long? AsWhole(this JsonNode? node)
    {
        if (node.Kind() != JsonValueKind.Number)
        {
            return null;
        }

        var text = node!.ToJsonString();
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return whole;
        }

        return double.TryParse(text, CultureInfo.InvariantCulture, out var value) && Math.Floor(value) == value && Math.Abs(value) < 9.2e18 ? (long)value : null;
    }

    /// <summary>Whether the number was written as an integer: the Go server keeps 3.0 apart from 3.</summary>
    public static bool IsWrittenWhole(this JsonNode? node) =>
        node.Kind() == JsonValueKind.Number && long.TryParse(node!.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    public static double AsNumber(this JsonNode node) => double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);

    /// <summary>Compact JSON with object keys in order, as Go prints maps.</summary>
    public static string Print(this JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj:
                return "{" + string.Join(",", obj.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => Quote(p.Key) + ":" + p.Value.Print())) + "}";
            case JsonArray array:
                return "[" + string.Join(",", array.Select(Print)) + "]";
            case null:
                return "null";
            default:
                return node.ToJsonString(Plain);
        }
    }

    public static string Quote(string text) => JsonSerializer.Serialize(text, Plain);

    /// <summary>Equality of values: key order and the way a number is written do not matter.</summary>
    public static bool SameAs(this JsonNode? left, JsonNode? right)
    {
        if (ReferenceEquals(left, right))
        {
            return true;
        }

        switch (left, right)
        {
            case (JsonObject a, JsonObject b):
                if (a.Count != b.Count)
                {
                    return false;
                }

                foreach (var (key, value) in a)
                {
                    if (!b.TryGetPropertyValue(key, out var other) || !value.SameAs(other))
                    {
                        return false;
                    }
                }

                return true;
            case (JsonArray a, JsonArray b):
                return a.Count == b.Count && a.Zip(b).All(pair => pair.First.SameAs(pair.Second));
            case (JsonValue a, JsonValue b):
                var kind = a.GetValueKind();
                if (kind != b.GetValueKind())
                {
                    return false;
                }

                return kind switch
                {
                    JsonValueKind.String => a.GetValue<string>() == b.GetValue<string>(),
                    JsonValueKind.Number => a.ToJsonString() == b.ToJsonString() || a.AsNumber().Equals(b.AsNumber()),
                    _ => true,
                };
            default:
                return left is null && right is null;
        }
    }

    /// <summary>A child by names from the root, or null where any step is missing or no object.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            node = (node as JsonObject)?[name];
        }

        return node;
    }

    /// <summary>A child object by names, made where it is missing or null.</summary>
    public static JsonObject Ensure(this JsonObject node, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (node[name] is not JsonObject child)
            {
                node[name] = child = [];
            }

            node = child;
        }

        return node;
    }

    /// <summary>Sets a field that is missing or null.</summary>
    public static void SetDefault(this JsonObject node, string name, JsonNode value)
    {
        if (node[name] is null)
        {
            node[name] = value;
        }
    }

    public static string GoKind(this JsonNode? node) => node.Kind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Array => "array",
        JsonValueKind.Object => "object",
        _ => "null",
    };
}
