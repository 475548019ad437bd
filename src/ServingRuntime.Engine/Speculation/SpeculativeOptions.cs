using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>Speculative decoding; vLLM's names (<c>vllm/config/speculative.py</c>). Tokens and log-probabilities are the same, bit for bit, with and without it.</summary>
public sealed record SpeculativeOptions
{
    public const int MostSpeculativeTokens = 16;

    public SpeculativeMethod Method { get; init; } = SpeculativeMethod.Ngram;

    /// <summary>Most drafts for a request and step; 1 to <see cref="MostSpeculativeTokens"/>. A request whose drafts fail gets fewer, until they hold again.</summary>
    public int NumSpeculativeTokens { get; init; } = 4;

    /// <summary>Fewest tokens at the end that must have stood before for the n-gram method.</summary>
    public int PromptLookupMin { get; init; } = 3;

    /// <summary>Most tokens to compare: of several places the one with the longest match counts.</summary>
    public int PromptLookupMax { get; init; } = 5;

    /// <summary>Folder of the smaller model; the draft-model method needs it.</summary>
    public string? DraftModelPath { get; init; }

    /// <summary>
    /// No drafts while more requests run than this. Verifying k drafts reads the weights once for k + 1 tokens, which pays while a step is bound by that reading; with
    /// many requests a step is bound by arithmetic, and a rejected draft costs what a token costs.
    /// </summary>
    public int MaxRunningRequests { get; init; } = 8;

    /// <returns>Every fault, each naming its option.</returns>
    internal IEnumerable<string> Validate()
    {
        if (!Enum.IsDefined(Method))
        {
            yield return $"Speculative.Method: {(int)Method} is no method";
        }

        if (NumSpeculativeTokens is < 1 or > MostSpeculativeTokens)
        {
            yield return $"Speculative.NumSpeculativeTokens: {NumSpeculativeTokens} is not 1 to {MostSpeculativeTokens}";
        }

        if (PromptLookupMin < 1 || PromptLookupMax < PromptLookupMin)
        {
            yield return $"Speculative.PromptLookupMin, PromptLookupMax: 1 <= {PromptLookupMin} <= {PromptLookupMax} does not hold";
        }

        if (MaxRunningRequests < 1)
        {
            yield return $"Speculative.MaxRunningRequests: {MaxRunningRequests} is below 1";
        }

        if (Method == SpeculativeMethod.DraftModel && (DraftModelPath is null || !ModelLocation.Exists(DraftModelPath)))
        {
            yield return $"Speculative.DraftModelPath: no folder and no .gguf file {DraftModelPath}";
        }
    }
}
