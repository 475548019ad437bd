namespace Octavo.ServingRuntime.Engine;

/// <summary>How tokens are chosen; vLLM's names and defaults (<c>vllm/sampling_params.py</c>). Text-level stops live in the output processor, not here.</summary>
public sealed record SamplingParams
{
    /// <summary>Below this temperature sampling is greedy.</summary>
    public const float GreedyTemperature = 1e-5f;

    public float Temperature { get; init; } = 1f;
    public float TopP { get; init; } = 1f;

    /// <summary>0: no limit.</summary>
    public int TopK { get; init; }

    public float MinP { get; init; }
    public float PresencePenalty { get; init; }
    public float FrequencyPenalty { get; init; }
    public float RepetitionPenalty { get; init; } = 1f;
    public long? Seed { get; init; }

    /// <summary>Most tokens to generate; at least 1.</summary>
    public int MaxTokens { get; init; } = 16;

    public int MinTokens { get; init; }
    public bool IgnoreEos { get; init; }
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Added to a token's logit before sampling.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Number of top log-probabilities to return with each token; null: none, 0: the sampled one alone, -1: the whole vocabulary.</summary>
    public int? Logprobs { get; init; }

    /// <summary>Tokens whose log-probabilities are returned with each sampled one, whatever their rank.</summary>
    public IReadOnlyList<int> LogprobTokenIds { get; init; } = [];

    /// <summary>As <see cref="Logprobs"/>, for each token of the prompt but the first; such a request reads nothing from the prefix cache.</summary>
    public int? PromptLogprobs { get; init; }

    /// <summary>Null: all. Else only these are ever sampled (EOS too only if it is among them).</summary>
    public IReadOnlyList<int>? AllowedTokenIds { get; init; }

    /// <summary>Token sequences that may not be completed: the last token of one is forbidden where the output ends in those before it.</summary>
    public IReadOnlyList<IReadOnlyList<int>> BadWordsTokenIds { get; init; } = [];

    public bool IsGreedy => Temperature < GreedyTemperature;
}
