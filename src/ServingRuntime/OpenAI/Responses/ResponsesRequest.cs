using System.Text.Json;

namespace Octavo.ServingRuntime.OpenAI.Responses;

/// <summary>A checked responses request: the chat that answers it, and what its response repeats.</summary>
internal sealed record ResponsesRequest
{
    public string Id { get; } = $"resp_{Guid.NewGuid():N}";
    public required ChatCompletionRequest Chat { get; init; }
    public string? Instructions { get; init; }
    public int? MaxOutputTokens { get; init; }
    public string? Effort { get; init; }
    public int TopLogprobs { get; init; }
    public bool ParallelToolCalls { get; init; }
    public string? User { get; init; }
    public required JsonElement Text { get; init; }
    public required JsonElement ToolChoice { get; init; }
    public required JsonElement Tools { get; init; }
    public required JsonElement Metadata { get; init; }

    /// <summary>The response before anything has come.</summary>
    public ResponseObject Begin(long created) => new()
    {
        Id = Id,
        CreatedAt = created,
        Status = "in_progress",
        Instructions = Instructions,
        MaxOutputTokens = MaxOutputTokens,
        Model = Chat.Model,
        Output = [],
        ParallelToolCalls = ParallelToolCalls,
        Reasoning = new ResponseReasoning(Effort, null),
        Temperature = Chat.Generation.SamplingParams.Temperature,
        Text = Text,
        ToolChoice = ToolChoice,
        Tools = Tools,
        TopLogprobs = TopLogprobs,
        TopP = Chat.Generation.SamplingParams.TopP,
        User = User,
        Metadata = Metadata,
    };
}
