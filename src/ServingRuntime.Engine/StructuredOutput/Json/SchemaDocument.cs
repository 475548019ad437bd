using System.Globalization;
using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>A schema's text, addressed by JSON pointers ("#/properties/a"). A pointer is also the identity of a subschema, so recursion ends where one comes back.</summary>
internal sealed class SchemaDocument
{
    /// <summary>Of the text: a level of schema is two of JSON.</summary>
    private const int MaxJsonDepth = 256;

    private readonly JsonElement root;
    private readonly Dictionary<string, JsonElement> known = new(StringComparer.Ordinal);

    public SchemaDocument(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxJsonDepth });
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new GrammarException($"the JSON schema is no JSON: {e.Message}");
        }
    }

    public JsonElement At(string pointer)
    {
        if (!known.TryGetValue(pointer, out var element))
        {
            element = root;
            foreach (var step in pointer.Split('/').Skip(1))
            {
                element = Step(element, step) ?? throw new GrammarException($"JSON schema: {pointer} does not exist");
            }

            known[pointer] = element;
        }

        return element;
    }

    /// <summary>The pointer that a reference means, written in the one way that makes equal ones equal.</summary>
    /// <exception cref="GrammarException">It leaves the document or leads nowhere.</exception>
    public string Resolve(string reference, string at)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
        {
            throw new GrammarException($"JSON schema: {at}/$ref: '{reference}' is not supported; only references into the schema itself (\"#/$defs/name\") are");
        }

        var pointer = "#";
        foreach (var step in Uri.UnescapeDataString(reference).Split('/').Skip(1))
        {
            pointer = Child(pointer, step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
        }

        try
        {
            At(pointer);
            return pointer;
        }
        catch (GrammarException)
        {
            throw new GrammarException($"JSON schema: {at}/$ref: '{reference}' does not exist");
        }
    }

    public static string Child(string pointer, string name)
        => $"{pointer}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    private static JsonElement? Step(JsonElement element, string step)
    {
        var name = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        return element.ValueKind switch
        {
            JsonValueKind.Object when element.TryGetProperty(name, out var child) => child,
            JsonValueKind.Array when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < element.GetArrayLength() => element[index],
            _ => null,
        };
    }
}
