using System.Text.Json;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>One prompt of a completion request: a text or token ids.</summary>
internal sealed record Prompt(string? Text, IReadOnlyList<int>? TokenIds)
{
    /// <summary>A string, an array of strings, an array of token ids, or an array of such arrays.</summary>
    /// <param name="prompt">The value.</param>
    /// <param name="most">Most prompts.</param>
    /// <param name="field">Its name, for messages.</param>
    public static IReadOnlyList<Prompt> Read(JsonElement prompt, int most, string field = "prompt")
    {
        switch (prompt.ValueKind)
        {
            case JsonValueKind.String:
                return [FromText(prompt, field)];
            case JsonValueKind.Array when prompt.GetArrayLength() == 0:
                throw RequestFields.Wrong(field, "is empty");
            case JsonValueKind.Array when prompt[0].ValueKind == JsonValueKind.Number:
                return [FromTokens(prompt, field)];
            case JsonValueKind.Array when prompt.GetArrayLength() > most:
                throw RequestFields.Wrong(field, $"may have {most} prompts at most");
            case JsonValueKind.Array:
                return [.. prompt.EnumerateArray().Select(item => item.ValueKind switch
                {
                    JsonValueKind.String => FromText(item, field),
                    JsonValueKind.Array => FromTokens(item, field),
                    _ => throw Malformed(field),
                })];
            default:
                throw Malformed(field);
        }
    }

    private static Prompt FromText(JsonElement text, string field)
    {
        try
        {
            return new Prompt(text.GetString(), null);
        }
        catch (InvalidOperationException)
        {
            throw RequestFields.Wrong(field, "holds half of a surrogate pair");
        }
    }

    private static Prompt FromTokens(JsonElement tokens, string field)
        => new(null, [.. tokens.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.Number && t.TryGetInt32(out var id) ? id : throw Malformed(field))]);

    private static Engine.Core.InvalidRequestException Malformed(string field)
        => RequestFields.Wrong(field, "must be a string, an array of strings, an array of token ids, or an array of arrays of token ids");
}
