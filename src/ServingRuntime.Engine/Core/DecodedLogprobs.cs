namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>A token of the output or the prompt, and the most likely ones in its place, best first.</summary>
public sealed record DecodedLogprobs(DecodedLogprob Sampled, IReadOnlyList<DecodedLogprob> Top)
{
    /// <summary>Of the token itself; 1 is the most likely.</summary>
    public int Rank { get; init; } = 1;

    /// <summary>Those of <see cref="SamplingParams.LogprobTokenIds"/>, in their order.</summary>
    public IReadOnlyList<DecodedLogprob> Requested { get; init; } = [];
}
