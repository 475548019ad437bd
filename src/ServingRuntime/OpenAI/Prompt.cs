using System.Text.Json;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>One prompt of a completion request: a text or token ids.</summary>
internal sealed record Prompt(string? Text, IReadOnlyList<int>? TokenIds)
{
    /// <summary>A string, an array of strings, an array of token ids, or an array of such arrays.</summary>
    public static IReadOnlyList<Prompt> Read(JsonElement prompt, int most)
    {
        switch (prompt.ValueKind)
        {
            case JsonValueKind.String:
                return [FromText(prompt)];
            case JsonValueKind.Array when prompt.GetArrayLength() == 0:
                throw RequestFields.Wrong("prompt", "is empty");
            case JsonValueKind.Array when prompt[0].ValueKind == JsonValueKind.Number:
                return [FromTokens(prompt)];
            case JsonValueKind.Array when prompt.GetArrayLength() > most:
                throw RequestFields.Wrong("prompt", $"may have {most} prompts at most");
            case JsonValueKind.Array:
                return [.. prompt.EnumerateArray().Select(item => item.ValueKind switch
                {
                    JsonValueKind.String => FromText(item),
                    JsonValueKind.Array => FromTokens(item),
                    _ => throw Malformed(),
                })];
            default:
                throw Malformed();
        }
    }

    private static Prompt FromText(JsonElement text)
    {
        try
        {
            return new Prompt(text.GetString(), null);
        }
        catch (InvalidOperationException)
        {
            throw RequestFields.Wrong("prompt", "holds half of a surrogate pair");
        }
    }

    private static Prompt FromTokens(JsonElement tokens)
        => new(null, [.. tokens.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.Number && t.TryGetInt32(out var id) ? id : throw Malformed())]);

    private static Engine.Core.InvalidRequestException Malformed()
        => RequestFields.Wrong("prompt", "must be a string, an array of strings, an array of token ids, or an array of arrays of token ids");
}
