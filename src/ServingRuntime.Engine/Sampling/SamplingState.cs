using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>A request's sampling parameters in the form in which each token needs them, and the state of its constraint. One for each request, kept through preemption.</summary>
internal sealed class SamplingState(EngineCoreRequest source, ITokenConstraint? constraint)
{
    private readonly SamplingParams parameters = source.SamplingParams;

    public ITokenConstraint? Constraint => constraint;

    /// <summary>Null: all.</summary>
    public int[]? Allowed { get; } = source.SamplingParams.AllowedTokenIds is { } allowed ? [.. allowed.Distinct()] : null;

    public int[][] BadWords { get; } = [.. source.SamplingParams.BadWordsTokenIds.Where(word => word.Count > 0).Select(word => word.ToArray())];

    /// <summary>Tokens that end the request, once it has as many as it must have.</summary>
    public int[] StopTokens { get; } = StopTokensOf(source);

    public (int Token, float Value)[] Bias { get; } = [.. source.SamplingParams.LogitBias.Select(bias => (bias.Key, bias.Value))];

    public int[] LogprobTokens { get; } = [.. source.SamplingParams.LogprobTokenIds];

    public bool WantsLogprobs => parameters.Logprobs is not null || LogprobTokens.Length > 0;

    public bool Penalises { get; } =
        source.SamplingParams.RepetitionPenalty != 1f || source.SamplingParams.FrequencyPenalty != 0f || source.SamplingParams.PresencePenalty != 0f;

    /// <summary>Whether logits may be changed after <paramref name="numOutputTokens"/> tokens, the constraint's mask apart; false: the raw ones decide.</summary>
    public bool Changes(int numOutputTokens) =>
        Allowed is not null || BadWords.Length > 0 || Bias.Length > 0 || Penalises || numOutputTokens < parameters.MinTokens;

    public static int[] StopTokensOf(EngineCoreRequest source) =>
        [.. (source.SamplingParams.IgnoreEos ? [] : source.EosTokenIds).Concat(source.SamplingParams.StopTokenIds).Distinct()];
}
