using System.Text.Json.Serialization;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>An answer of /v1/completions, whole or a step of a streamed one: both have this shape.</summary>
internal sealed record CompletionResponse
{
    public required string Id { get; init; }
    public string Object => "text_completion";
    public required long Created { get; init; }
    public required string Model { get; init; }
    public required IReadOnlyList<CompletionChoice> Choices { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usage? Usage { get; init; }
}

internal sealed record CompletionChoice
{
    public required int Index { get; init; }
    public required string Text { get; init; }
    public CompletionLogprobs? Logprobs { get; init; }
    public string? FinishReason { get; init; }
    public StopReason? StopReason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? TokenIds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? PromptTokenIds { get; init; }
}

/// <summary>The old form of log-probabilities: parallel lists.</summary>
internal sealed record CompletionLogprobs(
    IReadOnlyList<string> Tokens, IReadOnlyList<float> TokenLogprobs, IReadOnlyList<IReadOnlyDictionary<string, float>> TopLogprobs, IReadOnlyList<int> TextOffset)
{
    /// <param name="logprobs">Of the new tokens.</param>
    /// <param name="offset">Where the first of them begins in the text; moved past the last.</param>
    public static CompletionLogprobs From(IReadOnlyList<DecodedLogprobs> logprobs, ref int offset)
    {
        var offsets = new List<int>(logprobs.Count);
        foreach (var entry in logprobs)
        {
            offsets.Add(offset);
            offset += entry.Sampled.Text.Length;
        }

        return new CompletionLogprobs(
            [.. logprobs.Select(l => l.Sampled.Text)],
            [.. logprobs.Select(l => ChatLogprobs.Finite(l.Sampled.Logprob))],
            [.. logprobs.Select(Top)],
            offsets);
    }

    private static Dictionary<string, float> Top(DecodedLogprobs logprobs)
    {
        // Different tokens may look alike (parts of characters do): the likeliest keeps the name.
        var top = new Dictionary<string, float>(StringComparer.Ordinal);
        foreach (var entry in logprobs.Top)
        {
            top.TryAdd(entry.Text, ChatLogprobs.Finite(entry.Logprob));
        }

        top.TryAdd(logprobs.Sampled.Text, ChatLogprobs.Finite(logprobs.Sampled.Logprob));
        return top;
    }
}
