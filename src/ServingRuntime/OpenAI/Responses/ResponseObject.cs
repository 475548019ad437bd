using System.Text.Json;
using System.Text.Json.Serialization;

namespace Octavo.ServingRuntime.OpenAI.Responses;

/// <summary>OpenAI's response object, whole or (in a stream) as far as it has come. Nothing of it is kept: store is always false.</summary>
internal sealed record ResponseObject
{
    public required string Id { get; init; }
    public string Object => "response";
    public required long CreatedAt { get; init; }
    public long? CompletedAt { get; init; }

    /// <summary>in_progress, completed, incomplete or failed.</summary>
    public required string Status { get; init; }
    public bool Background => false;
    public ResponseError? Error { get; init; }
    public ResponseIncompleteDetails? IncompleteDetails { get; init; }
    public string? Instructions { get; init; }
    public int? MaxOutputTokens { get; init; }
    public required string Model { get; init; }
    public required IReadOnlyList<ResponseItem> Output { get; init; }
    public bool ParallelToolCalls { get; init; } = true;
    public string? PreviousResponseId => null;
    public required ResponseReasoning Reasoning { get; init; }
    public string ServiceTier => "default";
    public bool Store => false;
    public required float Temperature { get; init; }
    public required JsonElement Text { get; init; }
    public required JsonElement ToolChoice { get; init; }
    public required JsonElement Tools { get; init; }
    public int TopLogprobs { get; init; }
    public required float TopP { get; init; }
    public string Truncation => "disabled";
    public ResponseUsage? Usage { get; init; }
    public string? User { get; init; }
    public required JsonElement Metadata { get; init; }
}

internal sealed record ResponseError(string Code, string Message);

internal sealed record ResponseIncompleteDetails(string Reason);

internal sealed record ResponseReasoning(string? Effort, string? Summary);

internal sealed record ResponseUsage(
    int InputTokens, ResponseInputDetails InputTokensDetails, int OutputTokens, ResponseOutputDetails OutputTokensDetails, int TotalTokens);

internal sealed record ResponseInputDetails(int CachedTokens);

internal sealed record ResponseOutputDetails(int ReasoningTokens);

/// <summary>A message, a function call, or reasoning: each has the members of its type alone.</summary>
internal sealed record ResponseItem
{
    public required string Id { get; init; }
    public required string Type { get; init; }
    public required string Status { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Summary { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ResponsePart>? Content { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CallId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Arguments { get; init; }
}

/// <summary>A text of a message (output_text) or of reasoning (reasoning_text).</summary>
internal sealed record ResponsePart
{
    public required string Type { get; init; }
    public required string Text { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Annotations { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatTokenLogprob>? Logprobs { get; init; }
}

/// <summary>An event of a streamed response; its members are those of its type.</summary>
internal sealed record ResponseEvent
{
    public required string Type { get; init; }
    public int SequenceNumber { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResponseObject? Response { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ItemId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? OutputIndex { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResponseItem? Item { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ContentIndex { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ResponsePart? Part { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Delta { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Arguments { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatTokenLogprob>? Logprobs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Code { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Message { get; init; }
}
