using System.Text.Json;

namespace Octavo.LoadGenerator.Client;

/// <summary>The server's own count of tokens.</summary>
internal readonly record struct TokenUsage(int PromptTokens, int CompletionTokens, int CachedTokens)
{
    /// <summary>Reads the value after the property name that the reader stands on; null where it is no object. Missing counts are zero.</summary>
    public static TokenUsage? Read(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        int prompt = 0, completion = 0, cached = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("prompt_tokens"u8))
            {
                prompt = Count(ref reader);
            }
            else if (reader.ValueTextEquals("completion_tokens"u8))
            {
                completion = Count(ref reader);
            }
            else if (reader.ValueTextEquals("prompt_tokens_details"u8))
            {
                cached = Cached(ref reader);
            }
            else
            {
                StreamEvent.SkipValue(ref reader);
            }
        }

        return new TokenUsage(prompt, completion, cached);
    }

    private static int Cached(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return 0;
        }

        var cached = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("cached_tokens"u8))
            {
                cached = Count(ref reader);
            }
            else
            {
                StreamEvent.SkipValue(ref reader);
            }
        }

        return cached;
    }

    private static int Count(ref Utf8JsonReader reader)
    {
        reader.Read();
        var count = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value) ? value : 0;
        reader.Skip();
        return count;
    }
}
