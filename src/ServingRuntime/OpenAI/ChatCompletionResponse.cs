using System.Text.Json.Serialization;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>The answer to a chat request that is not streamed.</summary>
internal sealed record ChatCompletionResponse
{
    public required string Id { get; init; }
    public string Object => "chat.completion";
    public required long Created { get; init; }
    public required string Model { get; init; }
    public required IReadOnlyList<ChatChoice> Choices { get; init; }
    public required Usage Usage { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? PromptTokenIds { get; init; }
}

internal sealed record ChatChoice
{
    public required int Index { get; init; }
    public required ChatMessage Message { get; init; }
    public ChatLogprobs? Logprobs { get; init; }
    public required string FinishReason { get; init; }
    public StopReason? StopReason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? TokenIds { get; init; }
}

internal sealed record ChatMessage(string Role, string Content, string? Refusal = null);

/// <summary>A step of a streamed chat answer.</summary>
internal sealed record ChatCompletionChunk
{
    public required string Id { get; init; }
    public string Object => "chat.completion.chunk";
    public required long Created { get; init; }
    public required string Model { get; init; }
    public required IReadOnlyList<ChatChunkChoice> Choices { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Usage? Usage { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? PromptTokenIds { get; init; }
}

internal sealed record ChatChunkChoice
{
    public required int Index { get; init; }
    public required ChatDelta Delta { get; init; }
    public ChatLogprobs? Logprobs { get; init; }
    public string? FinishReason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StopReason? StopReason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? TokenIds { get; init; }
}

internal sealed record ChatDelta
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }
}

/// <summary>Log-probabilities of the tokens of a chat answer.</summary>
internal sealed record ChatLogprobs(IReadOnlyList<ChatTokenLogprob> Content)
{
    public static ChatLogprobs? From(IReadOnlyList<DecodedLogprobs>? logprobs)
        => logprobs is null ? null : new ChatLogprobs([.. logprobs.Select(l => new ChatTokenLogprob(
            l.Sampled.Text, Finite(l.Sampled.Logprob), [.. l.Sampled.Bytes.Select(b => (int)b)],
            [.. l.Top.Select(t => new ChatTopLogprob(t.Text, Finite(t.Logprob), [.. t.Bytes.Select(b => (int)b)]))]))]);

    /// <summary>JSON has no infinity: an impossible token is at -9999, as vLLM writes it.</summary>
    internal static float Finite(float logprob) => float.IsFinite(logprob) ? logprob : -9999f;
}

internal sealed record ChatTokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes, IReadOnlyList<ChatTopLogprob> TopLogprobs);

internal sealed record ChatTopLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes);
