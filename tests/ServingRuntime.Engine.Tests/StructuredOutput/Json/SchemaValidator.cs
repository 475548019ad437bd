using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Octavo.ServingRuntime.Engine.Tests.StructuredOutput.Json;

/// <summary>A plain validator for the keywords that tests use, written from the specification and sharing nothing with the compiler.</summary>
internal static class SchemaValidator
{
    public static string? Error(JsonElement root, JsonElement schema, JsonElement value, string at = "$")
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.ValueKind == JsonValueKind.True ? null : $"{at}: false";
        }

        foreach (var keyword in schema.EnumerateObject())
        {
            if (ErrorOf(root, schema, keyword, value, at) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static string? ErrorOf(JsonElement root, JsonElement schema, JsonProperty keyword, JsonElement value, string at)
    {
        var argument = keyword.Value;
        string? Fail() => $"{at}: {keyword.Name} {argument.GetRawText()} against {value.GetRawText()}";
        bool Valid(JsonElement inner, JsonElement child, string step) => Error(root, inner, child, $"{at}.{step}") is null;
        switch (keyword.Name)
        {
            case "type":
                var types = argument.ValueKind == JsonValueKind.Array ? argument.EnumerateArray().ToArray() : [argument];
                var nullable = schema.TryGetProperty("nullable", out var flag) && flag.GetBoolean();
                return types.Any(t => HasType(value, t.GetString()!)) || (nullable && value.ValueKind == JsonValueKind.Null) ? null : Fail();
            case "$ref":
                return Error(root, Resolve(root, argument.GetString()!), value, at);
            case "enum":
                return argument.EnumerateArray().Any(v => JsonElement.DeepEquals(v, value)) ? null : Fail();
            case "const":
                return JsonElement.DeepEquals(argument, value) ? null : Fail();
            case "allOf":
                return argument.EnumerateArray().All(s => Valid(s, value, "allOf")) ? null : Fail();
            case "anyOf":
                return argument.EnumerateArray().Any(s => Valid(s, value, "anyOf")) ? null : Fail();
            case "oneOf":
                return argument.EnumerateArray().Count(s => Valid(s, value, "oneOf")) == 1 ? null : Fail();
        }

        var ok = value.ValueKind switch
        {
            JsonValueKind.String => StringOk(keyword, value.GetString()!),
            JsonValueKind.Number => NumberOk(keyword, decimal.Parse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture)),
            JsonValueKind.Array => ArrayOk(root, schema, keyword, value, at),
            JsonValueKind.Object => ObjectOk(root, schema, keyword, value, at),
            _ => true,
        };
        return ok ? null : Fail();
    }

    private static bool StringOk(JsonProperty keyword, string text) => keyword.Name switch
    {
        "minLength" => text.EnumerateRunes().Count() >= keyword.Value.GetInt32(),
        "maxLength" => text.EnumerateRunes().Count() <= keyword.Value.GetInt32(),
        "pattern" => Regex.IsMatch(text, keyword.Value.GetString()!, RegexOptions.None, TimeSpan.FromSeconds(10)),
        "format" => FormatOk(keyword.Value.GetString()!, text),
        _ => true,
    };

    private static bool FormatOk(string format, string text) => format switch
    {
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out _) || text[11..].Contains("23:59", StringComparison.Ordinal) || OffsetBeyond14(text),
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "ipv4" => System.Net.IPAddress.TryParse(text, out var four) && four.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && four.ToString() == text,
        "ipv6" => System.Net.IPAddress.TryParse(text, out var six) && six.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6,
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "hostname" => Uri.CheckHostName(text) == UriHostNameType.Dns,
        "email" => System.Net.Mail.MailAddress.TryCreate(text, out _),
        _ => true,
    };

    /// <summary>RFC 3339 allows offsets up to 23:59, .NET up to 14:00.</summary>
    private static bool OffsetBeyond14(string text) => text[^6] is '+' or '-' && int.Parse(text[^5..^3], CultureInfo.InvariantCulture) >= 14;

    private static bool NumberOk(JsonProperty keyword, decimal number) => keyword.Name switch
    {
        "minimum" => number >= keyword.Value.GetDecimal(),
        "maximum" => number <= keyword.Value.GetDecimal(),
        "exclusiveMinimum" => number > keyword.Value.GetDecimal(),
        "exclusiveMaximum" => number < keyword.Value.GetDecimal(),
        "multipleOf" => number % keyword.Value.GetDecimal() == 0,
        _ => true,
    };

    private static bool ArrayOk(JsonElement root, JsonElement schema, JsonProperty keyword, JsonElement array, string at)
    {
        var items = array.EnumerateArray().ToList();
        var prefix = schema.TryGetProperty("prefixItems", out var first) ? first.EnumerateArray().ToList() : [];
        return keyword.Name switch
        {
            "minItems" => items.Count >= keyword.Value.GetInt32(),
            "maxItems" => items.Count <= keyword.Value.GetInt32(),
            "prefixItems" => items.Zip(prefix).All(p => Error(root, p.Second, p.First, at) is null),
            "items" => items.Skip(prefix.Count).All(i => Error(root, keyword.Value, i, at) is null),
            "uniqueItems" => !keyword.Value.GetBoolean() || items.TrueForAll(a => items.Count(b => JsonElement.DeepEquals(a, b)) == 1),
            _ => true,
        };
    }

    private static bool ObjectOk(JsonElement root, JsonElement schema, JsonProperty keyword, JsonElement value, string at)
    {
        var members = value.EnumerateObject().GroupBy(p => p.Name, StringComparer.Ordinal).Select(g => g.Last()).ToList();
        bool Valid(JsonElement inner, JsonProperty member) => Error(root, inner, member.Value, $"{at}.{member.Name}") is null;
        switch (keyword.Name)
        {
            case "required":
                return keyword.Value.EnumerateArray().All(n => members.Exists(m => m.Name == n.GetString()));
            case "properties":
                return members.TrueForAll(m => !keyword.Value.TryGetProperty(m.Name, out var inner) || Valid(inner, m));
            case "patternProperties":
                return members.TrueForAll(m => keyword.Value.EnumerateObject().All(p => !Matches(p.Name, m.Name) || Valid(p.Value, m)));
            case "additionalProperties":
                var declared = schema.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().Select(p => p.Name).ToHashSet() : [];
                var patterns = schema.TryGetProperty("patternProperties", out var named) ? named.EnumerateObject().Select(p => p.Name).ToList() : [];
                return members.TrueForAll(m => declared.Contains(m.Name) || patterns.Exists(p => Matches(p, m.Name)) || Valid(keyword.Value, m));
            case "propertyNames":
                return members.TrueForAll(m => Error(root, keyword.Value, JsonSerializer.SerializeToElement(m.Name), at) is null);
            case "minProperties":
                return members.Count >= keyword.Value.GetInt32();
            case "maxProperties":
                return members.Count <= keyword.Value.GetInt32();
            default:
                return true;
        }
    }

    private static bool Matches(string pattern, string text) => Regex.IsMatch(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(10));

    private static bool HasType(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && decimal.Parse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture) % 1 == 0,
        "number" => value.ValueKind == JsonValueKind.Number,
        "string" => value.ValueKind == JsonValueKind.String,
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => value.ValueKind == JsonValueKind.Object,
    };

    private static JsonElement Resolve(JsonElement root, string reference) =>
        reference.Split('/').Skip(1).Aggregate(root, (element, step) => element.GetProperty(step));
}
