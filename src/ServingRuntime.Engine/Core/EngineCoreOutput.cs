namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>What one step produced for one request: a token at most, so a step that accepts drafts gives several. A value, so that steady decoding allocates nothing.</summary>
public readonly record struct EngineCoreOutput
{
    public required string RequestId { get; init; }

    /// <summary>Null where a request ends without one: an error, or an embedding.</summary>
    public int? NewTokenId { get; init; }

    /// <summary>Of the new token, where the request asked for them.</summary>
    public TokenLogprobs? NewLogprobs { get; init; }

    /// <summary>With the first output, where asked for: an entry for each token of the prompt, the first of them null.</summary>
    public IReadOnlyList<TokenLogprobs?>? PromptLogprobs { get; init; }

    /// <summary>The one output of a request with <see cref="EngineCoreRequest.Pooling"/>: [hidden].</summary>
    public float[]? Embedding { get; init; }

    /// <summary>Set once, with the last output.</summary>
    public FinishReason? FinishReason { get; init; }

    /// <summary>The new token is what ended it, EOS or a stop token: no part of the text.</summary>
    public bool IsStopToken { get; init; }

    /// <summary>The stop token that ended it, where it was one of <see cref="SamplingParams.StopTokenIds"/>.</summary>
    public int? StopTokenId { get; init; }

    /// <summary>Prompt tokens that came from the prefix cache at first admission.</summary>
    public int NumCachedTokens { get; init; }

    /// <summary>Those of them that came from its second tier.</summary>
    public int NumTierTokens { get; init; }

    /// <summary>When the scheduler first admitted it, in <see cref="TimeProvider.GetTimestamp"/> units; set with every output.</summary>
    public long FirstScheduledTimestamp { get; init; }

    /// <summary>Why, where <see cref="FinishReason"/> is Error.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>It ended because what the model computed are not numbers.</summary>
    public bool IsCorrupted { get; init; }
}

/// <summary>Log-probability (natural, over raw logits) of the sampled token and of the most likely ones, best first.</summary>
public sealed record TokenLogprobs(int TokenId, float Logprob, int Rank, IReadOnlyList<(int TokenId, float Logprob)> Top)
{
    /// <summary>Those of <see cref="SamplingParams.LogprobTokenIds"/>, in their order.</summary>
    public IReadOnlyList<(int TokenId, float Logprob)> Requested { get; init; } = [];
}

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
