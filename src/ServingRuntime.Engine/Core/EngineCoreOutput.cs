namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>What one step produced for one request.</summary>
public sealed record EngineCoreOutput
{
    public required string RequestId { get; init; }
    public IReadOnlyList<int> NewTokenIds { get; init; } = [];

    /// <summary>One entry a new token where the request asked for log-probabilities.</summary>
    public IReadOnlyList<TokenLogprobs>? NewLogprobs { get; init; }

    /// <summary>Set once, with the last output.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>The stop token that ended it, where it was one of <see cref="SamplingParams.StopTokenIds"/>.</summary>
    public int? StopTokenId { get; init; }

    /// <summary>Prompt tokens that came from the prefix cache at first admission.</summary>
    public int NumCachedTokens { get; init; }

    /// <summary>When the scheduler first admitted it, in <see cref="TimeProvider.GetTimestamp"/> units; set with every output.</summary>
    public long FirstScheduledTimestamp { get; init; }

    /// <summary>Why, where <see cref="FinishReason"/> is Error.</summary>
    public string? ErrorMessage { get; init; }
}

/// <summary>Log-probability (natural, over raw logits) of the sampled token and of the most likely ones, best first.</summary>
public sealed record TokenLogprobs(int TokenId, float Logprob, int Rank, IReadOnlyList<(int TokenId, float Logprob)> Top);

public enum FinishReason
{
    /// <summary>End-of-sequence or stop token (or, in the front end, a stop string).</summary>
    Stop,

    /// <summary>max_tokens or the model's length.</summary>
    Length,

    /// <summary>Cancelled by the client or at shutdown.</summary>
    Abort,

    /// <summary>The engine failed.</summary>
    Error,
}
