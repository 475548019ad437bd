using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.OpenAI.Answers;
using Octavo.ServingRuntime.OpenAI.Mapping;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>A checked chat request, ready for the engine.</summary>
internal sealed record ChatCompletionRequest
{
    public required string Id { get; init; }
    public required string Model { get; init; }
    public required GenerationRequest Generation { get; init; }
    public required StreamOptions Stream { get; init; }
    public bool ReturnTokenIds { get; init; }

    public LogprobsRequest Logprobs { get; init; } = LogprobsRequest.None;

    /// <summary>What the answers' text may hold besides content.</summary>
    public AnswerFormat Format { get; init; } = AnswerFormat.Plain;

    /// <summary>The role that the answer carries.</summary>
    public string ResponseRole { get; init; } = "assistant";

    /// <summary>Text that comes before the answer: the final message, where echo is asked for.</summary>
    public string Echo { get; init; } = "";
}

/// <summary>A checked completion request: one generation a prompt.</summary>
internal sealed record CompletionRequest
{
    public required string Id { get; init; }
    public required string Model { get; init; }
    public required IReadOnlyList<GenerationRequest> Generations { get; init; }

    /// <summary>The prompts' texts, one each, where the answers repeat them.</summary>
    public IReadOnlyList<string>? Echo { get; init; }

    /// <summary>The prompts are all that is wanted (echo with max_tokens 0): the one token that the engine makes is not told.</summary>
    public bool PromptOnly { get; init; }

    /// <summary>Each prompt's first token, of which the engine has no log-probability.</summary>
    public required IReadOnlyList<(int Id, string Text)> FirstTokens { get; init; }

    public LogprobsRequest Logprobs { get; init; } = LogprobsRequest.None;

    public required StreamOptions Stream { get; init; }
    public bool ReturnTokenIds { get; init; }
}

/// <param name="Enabled">Whether the answer is streamed.</param>
/// <param name="IncludeUsage">Whether a last chunk carries the usage.</param>
/// <param name="ContinuousUsage">Whether every chunk carries it.</param>
internal readonly record struct StreamOptions(bool Enabled, bool IncludeUsage, bool ContinuousUsage);
