using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>
/// Checks an object against the value rules of its structural schema, in the words of the real server's OpenAPI validator. On update
/// a subtree that did not change is not checked again (ratcheting).
/// </summary>
internal static class StructuralValidator
{
    private const string NoField = "<nil>";

    public static IReadOnlyList<FieldError> Validate(ResourceSchema schema, JsonObject obj, JsonObject? old)
    {
        var errors = new List<FieldError>();
        Check(schema, obj, old, old is not null, "", errors);
        return errors;
    }

    private static void Check(ResourceSchema schema, JsonNode? value, JsonNode? old, bool hasOld, string path, List<FieldError> errors)
    {
        if (hasOld && value.SameAs(old))
        {
            return;
        }

        CheckValue(schema.Source, schema.IntOrString, value, path, errors);
        switch (value)
        {
            case JsonObject obj:
                foreach (var name in schema.Required)
                {
                    if (!obj.ContainsKey(name))
                    {
                        errors.Add(FieldError.Required(Join(path, name)));
                    }
                }

                foreach (var (name, item) in obj)
                {
                    // Metadata is validated as such; the schema may only restrict its name.
                    if (schema.Field(name) is { IsBuiltIn: false } field && !ReferenceEquals(field, ResourceSchema.Any))
                    {
                        JsonNode? before = null;
                        var known = hasOld && old is JsonObject oldObject && oldObject.TryGetPropertyValue(name, out before);
                        Check(field, item, before, known, Join(path, name), errors);
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                var oldItems = hasOld ? Correlate(schema, old as JsonArray) : [];
                for (var i = 0; i < list.Count; i++)
                {
                    var key = ItemKey(schema, list[i]);
                    JsonNode? before = null;
                    var known = key is not null && oldItems.TryGetValue(key, out before);
                    Check(items, list[i], before, known, path + "[" + i.ToString(CultureInfo.InvariantCulture) + "]", errors);
                }

                break;
        }
    }

    /// <summary>Everything that one value can be checked for without its children.</summary>
    private static void CheckValue(JsonObject schema, bool intOrString, JsonNode? value, string path, List<FieldError> errors)
    {
        CheckType(schema, intOrString, value, path, errors);
        foreach (var combination in new[] { "allOf", "anyOf", "oneOf" })
        {
            if (schema[combination] is JsonArray schemas && !(intOrString && combination == "anyOf"))
            {
                CheckCombination(combination, schemas, value, path, errors);
            }
        }

        if (schema["not"] is JsonObject not && Matches(not, value))
        {
            errors.Add(FieldError.Invalid(NoField, "\"\"", $"\"{path}\" must not validate the schema (not)"));
        }

        switch (value.Kind())
        {
            case JsonValueKind.String:
                CheckString(schema, value.AsText()!, path, errors);
                break;
            case JsonValueKind.Number:
                CheckNumber(schema, value!, path, errors);
                break;
            case JsonValueKind.Array:
                CheckArray(schema, (JsonArray)value!, path, errors);
                break;
            case JsonValueKind.Object:
                CheckSize(schema, "maxProperties", "minProperties", ((JsonObject)value!).Count, "properties", path, errors);
                break;
        }

        if (schema["enum"] is JsonArray allowed && !allowed.Any(a => a.SameAs(value)) && !(value is null && schema["nullable"].IsTrue()))
        {
            errors.Add(FieldError.NotSupported(path, value.Print(), allowed.Select(a => a.AsText() is { } text ? JsonValues.Quote(text) : JsonValues.Quote(a.Print()))));
        }
    }

    private static void CheckType(JsonObject schema, bool intOrString, JsonNode? value, string path, List<FieldError> errors)
    {
        var type = intOrString ? "integer,string" : schema["type"].AsText();
        if (type is null || (value is null && schema["nullable"].IsTrue()))
        {
            return;
        }

        var (actual, actualFormat) = Describe(value);
        var whole = actual == "number" && value.AsWhole() is not null && type.Contains("integer", StringComparison.Ordinal);
        var fits = type.Split(',').Contains(actual) || whole || (actual == "integer" && type == "number");
        var format = schema["format"].AsText() ?? "";
        if (!fits && format.Length > 0 && actual is not ("string" or "array" or "null"))
        {
            errors.Add(TypeError(path, format, actualFormat));
        }
        else if (!fits)
        {
            errors.Add(TypeError(path, type, actual));
        }

        if (actual == "number" && !whole && type == "integer" && format is "int32" or "int64" && !fits)
        {
            errors.Add(FieldError.Invalid(NoField, "\"\"", $"Checked value must be of type integer with format {format} in {path}"));
        }
        else if (fits && format == "int32" && value.AsWhole() is < int.MinValue or > int.MaxValue)
        {
            errors.Add(FieldError.Invalid(NoField, "\"\"", $"Checked value must be of type integer with format int32 in {path}"));
        }
    }

    private static FieldError TypeError(string path, string expected, string actual) =>
        FieldError.TypeInvalid(path.Length == 0 ? NoField : path, JsonValues.Quote(actual), $"{path} in body must be of type {expected}: {JsonValues.Quote(actual)}");

    private static (string Type, string Format) Describe(JsonNode? value) => value.Kind() switch
    {
        JsonValueKind.String => ("string", ""),
        JsonValueKind.True or JsonValueKind.False => ("boolean", ""),
        JsonValueKind.Array => ("array", ""),
        JsonValueKind.Object => ("object", ""),
        JsonValueKind.Number => value.IsWrittenWhole() ? ("integer", "int64") : ("number", "float64"),
        _ => ("null", ""),
    };

    private static void CheckString(JsonObject schema, string text, string path, List<FieldError> errors)
    {
        var length = text.EnumerateRunes().Count();
        if (schema["maxLength"].AsWhole() is { } maximum && length > maximum)
        {
            errors.Add(FieldError.TooLong(path, maximum));
        }

        if (schema["minLength"].AsWhole() is { } minimum && length < minimum)
        {
            errors.Add(FieldError.Invalid(path, JsonValues.Quote(text), $"{path} in body should be at least {Text(minimum)} chars long"));
        }

        if (schema["pattern"].AsText() is { } pattern && !Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)))
        {
            errors.Add(FieldError.Invalid(path, JsonValues.Quote(text), $"{path} in body should match '{pattern}'"));
        }

        if (schema["format"].AsText() is { } format && !FormatChecker.Accepts(format, text))
        {
            errors.Add(FieldError.TypeInvalid(path, JsonValues.Quote(text), $"{path} in body must be of type {format}: {JsonValues.Quote(text)}"));
        }
    }

    private static void CheckNumber(JsonObject schema, JsonNode value, string path, List<FieldError> errors)
    {
        var number = value.AsNumber();
        if (schema["maximum"] is { } maximum && (number > maximum.AsNumber() || (number.Equals(maximum.AsNumber()) && schema["exclusiveMaximum"].IsTrue())))
        {
            errors.Add(FieldError.Invalid(path, value.Print(), $"{path} in body should be less than {(schema["exclusiveMaximum"].IsTrue() ? "" : "or equal to ")}{maximum.Print()}"));
        }

        if (schema["minimum"] is { } minimum && (number < minimum.AsNumber() || (number.Equals(minimum.AsNumber()) && schema["exclusiveMinimum"].IsTrue())))
        {
            errors.Add(FieldError.Invalid(path, value.Print(), $"{path} in body should be greater than {(schema["exclusiveMinimum"].IsTrue() ? "" : "or equal to ")}{minimum.Print()}"));
        }

        if (schema["multipleOf"] is { } factor && Math.Abs(Math.IEEERemainder(number, factor.AsNumber())) > 1e-9)
        {
            errors.Add(FieldError.Invalid(path, value.Print(), $"{path} in body should be a multiple of {factor.Print()}"));
        }
    }

    private static void CheckArray(JsonObject schema, JsonArray list, string path, List<FieldError> errors)
    {
        CheckSize(schema, "maxItems", "minItems", list.Count, "items", path, errors);
        if (schema["uniqueItems"].IsTrue() && list.Select(i => i.Print()).Distinct(StringComparer.Ordinal).Count() < list.Count)
        {
            errors.Add(FieldError.Invalid(path, "\"\"", $"{path} in body shouldn't contain duplicates"));
        }
    }

    private static void CheckSize(JsonObject schema, string maximumName, string minimumName, int count, string noun, string path, List<FieldError> errors)
    {
        if (schema[maximumName].AsWhole() is { } maximum && count > maximum)
        {
            errors.Add(FieldError.TooMany(path, count, maximum));
        }

        if (schema[minimumName].AsWhole() is { } minimum && count < minimum)
        {
            errors.Add(FieldError.Invalid(path, Text(count), $"{path} in body should have at least {Text(minimum)} {noun}"));
        }
    }

    private static void CheckCombination(string combination, JsonArray schemas, JsonNode? value, string path, List<FieldError> errors)
    {
        var matching = schemas.OfType<JsonObject>().Count(s => Matches(s, value));
        var sentence = combination switch
        {
            "allOf" when matching < schemas.Count => "must validate all the schemas (allOf)",
            "anyOf" when matching == 0 => "must validate at least one schema (anyOf)",
            "oneOf" when matching == 0 => "must validate one and only one schema (oneOf). Found none valid",
            "oneOf" when matching > 1 => $"must validate one and only one schema (oneOf). Found {Text(matching)} valid alternatives",
            _ => null,
        };
        if (sentence is not null)
        {
            errors.Add(FieldError.Invalid(NoField, "\"\"", $"\"{path}\" {sentence}"));
            if (combination == "allOf")
            {
                foreach (var part in schemas.OfType<JsonObject>())
                {
                    errors.AddRange(ErrorsOf(part, value, path));
                }
            }
        }
    }

    private static bool Matches(JsonObject schema, JsonNode? value) => ErrorsOf(schema, value, "").Count == 0;

    private static List<FieldError> ErrorsOf(JsonObject schema, JsonNode? value, string path)
    {
        var found = new List<FieldError>();
        Check(new ResourceSchema(schema, null, null, null), value, null, false, path, found);
        return found;
    }

    private static Dictionary<string, JsonNode?> Correlate(ResourceSchema schema, JsonArray? list)
    {
        var items = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var item in list ?? [])
        {
            if (ItemKey(schema, item) is { } key)
            {
                items.TryAdd(key, item);
            }
        }

        return items;
    }

    /// <summary>What tells an item apart over an update: the keys of a map list, the value of a set; nothing for atomic lists.</summary>
    private static string? ItemKey(ResourceSchema schema, JsonNode? item) => schema.ListType switch
    {
        SchemaListType.Map => item is JsonObject obj ? string.Join('\0', schema.ListMapKeys.Select(k => obj[k].Print())) : null,
        SchemaListType.Set => item.Print(),
        _ => null,
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
