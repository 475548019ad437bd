namespace Octavo.ServingRuntime.OpenAI.Mapping;

/// <summary>The log-probabilities that a request wants.</summary>
internal sealed record LogprobsRequest
{
    public static LogprobsRequest None { get; } = new();

    /// <summary>Best tokens with each token of the answer; null: none, -1: all.</summary>
    public int? Count { get; init; }

    /// <summary>The same with each token of the prompt.</summary>
    public int? Prompt { get; init; }

    /// <summary>Whether the answer carries prompt_logprobs.</summary>
    public bool ReturnPrompt { get; init; }

    /// <summary>Tokens whose log-probability comes in any case.</summary>
    public IReadOnlyList<int> TokenIds { get; init; } = [];

    /// <summary>Whether tokens are written as "token_id:7" instead of their text, which may be the same for several.</summary>
    public bool AsTokenIds { get; init; }
}
