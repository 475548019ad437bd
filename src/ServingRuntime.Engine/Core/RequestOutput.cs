namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>What is new for one answer of a request.</summary>
public sealed record RequestOutput
{
    /// <summary>Which of the n answers, from 0.</summary>
    public int Index { get; init; }

    /// <summary>Final text: never half a character, never the beginning of a stop string that may still be completed.</summary>
    public string TextDelta { get; init; } = "";

    public IReadOnlyList<int> NewTokenIds { get; init; } = [];

    /// <summary>One entry a new token where asked for.</summary>
    public IReadOnlyList<DecodedLogprobs>? NewLogprobs { get; init; }

    /// <summary>With the first output, where asked for: an entry for each token of the prompt, the first of them null.</summary>
    public IReadOnlyList<DecodedLogprobs?>? PromptLogprobs { get; init; }

    /// <summary>Set once, with the answer's last output.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>The stop string that ended it.</summary>
    public string? StopString { get; init; }

    /// <summary>The stop token that ended it, where the request named it.</summary>
    public int? StopTokenId { get; init; }

    /// <summary>Prompt tokens that came from the prefix cache.</summary>
    public int NumCachedTokens { get; init; }

    /// <summary>How long its stages took; with the answer's last output.</summary>
    public RequestMetrics? Metrics { get; init; }

    /// <summary>Why, where the reason is Error.</summary>
    public string? ErrorMessage { get; init; }
}
