using System.Text.Json;

namespace Octavo.LoadGenerator.Client;

/// <summary>What one line of a stream means.</summary>
/// <param name="HasText">It brought text, or ended a choice.</param>
/// <param name="IsDone">It is <c>[DONE]</c>.</param>
/// <param name="Error">The message of an error event.</param>
/// <param name="Usage">Token counts, where it carries them.</param>
internal readonly record struct StreamEvent(bool HasText, bool IsDone, string? Error, TokenUsage? Usage)
{
    /// <summary>Null for lines that are no data: comments, other fields, the empty lines between events.</summary>
    /// <exception cref="JsonException">The data is no JSON.</exception>
    public static StreamEvent? Parse(string line)
    {
        if (!line.StartsWith("data:", StringComparison.Ordinal))
        {
            return null;
        }

        var data = line.AsMemory("data:".Length).Trim();
        if (data.Span.SequenceEqual("[DONE]"))
        {
            return new StreamEvent(false, true, null, null);
        }

        using var document = JsonDocument.Parse(data);
        var root = document.RootElement;
        if (root.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
        {
            return new StreamEvent(false, false, error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message) ? message.ToString() : error.ToString(), null);
        }

        return new StreamEvent(HasTextIn(root), false, null, TokenUsage.Of(root));
    }

    private static bool HasTextIn(JsonElement root)
    {
        if (!root.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var choice in choices.EnumerateArray())
        {
            var delta = choice.TryGetProperty("delta", out var found) ? found : choice;
            if (IsText(delta, "content") || IsText(delta, "text") || IsText(delta, "reasoning") || IsText(delta, "reasoning_content") || IsText(choice, "finish_reason"))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsText(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0;
}
