using System.Text;
using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>Fields of a tokenizer.json, read strictly: a wrong kind of value is an error that names the field.</summary>
internal static class TokenizerJsonElements
{
    public static string Type(this JsonElement element) => element.Text("type");

    public static string Text(this JsonElement element, string name)
        => element.GetProperty(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw new TokenizerFormatException($"tokenizer.json: '{name}' is no string");

    /// <summary>A string of one character.</summary>
    public static string Character(this JsonElement element, string name)
        => element.Text(name) is { Length: > 0 } text && Rune.TryGetRuneAt(text, 0, out var rune) && rune.Utf16SequenceLength == text.Length
            ? text
            : throw new TokenizerFormatException($"tokenizer.json: '{name}' is not one character");

    /// <summary>Null is as good as absent.</summary>
    public static string? OptionalText(this JsonElement element, string name)
        => element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? element.Text(name) : null;

    /// <inheritdoc cref="OptionalText"/>
    public static bool Flag(this JsonElement element, string name, bool otherwise = false)
    {
        if (!element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return otherwise;
        }

        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.ValueKind == JsonValueKind.True
            : throw new TokenizerFormatException($"tokenizer.json: '{name}' is neither true nor false");
    }

    public static List<T> Parts<T>(this JsonElement element, string name, Func<JsonElement, T> read)
        => [.. element.GetProperty(name).EnumerateArray().Select(read)];
}
