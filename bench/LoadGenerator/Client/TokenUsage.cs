using System.Text.Json;

namespace Octavo.LoadGenerator.Client;

/// <summary>The server's own count of tokens.</summary>
internal sealed record TokenUsage(int PromptTokens, int CompletionTokens, int CachedTokens)
{
    /// <summary>Null where the object has no usage.</summary>
    public static TokenUsage? Of(JsonElement root)
    {
        if (!root.TryGetProperty("usage", out var usage) || usage.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var cached = usage.TryGetProperty("prompt_tokens_details", out var details) && details.ValueKind == JsonValueKind.Object ? Int(details, "cached_tokens") : 0;
        return new TokenUsage(Int(usage, "prompt_tokens"), Int(usage, "completion_tokens"), cached);
    }

    private static int Int(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : 0;
}
