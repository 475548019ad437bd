namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Tokens of a request; cached_tokens and reasoning_tokens are always given.</summary>
internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails, CompletionTokensDetails CompletionTokensDetails);

internal sealed record PromptTokensDetails(int CachedTokens);

internal sealed record CompletionTokensDetails(int ReasoningTokens);

/// <summary>Counts the tokens of a request while they come.</summary>
internal sealed class UsageCounter(int promptTokens)
{
    private readonly Dictionary<int, int> cached = [];
    private int completionTokens;

    /// <summary>Off where what the engine made is not told.</summary>
    public bool CountsCompletion { get; init; } = true;

    /// <summary>Of the completion's tokens, those that are reasoning.</summary>
    public Func<int> ReasoningTokens { get; init; } = static () => 0;

    public void Add(int prompt, Engine.Core.RequestOutput output)
    {
        completionTokens += CountsCompletion ? output.NewTokenIds.Count : 0;
        cached.TryAdd(prompt, output.NumCachedTokens);
    }

    public Usage Current => new(promptTokens, completionTokens, promptTokens + completionTokens, new PromptTokensDetails(cached.Values.Sum()), new CompletionTokensDetails(ReasoningTokens()));
}
