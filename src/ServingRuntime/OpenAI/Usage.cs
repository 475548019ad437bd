namespace Octavo.ServingRuntime.OpenAI;

/// <summary>Tokens of a request; cached_tokens is always given.</summary>
internal sealed record Usage(int PromptTokens, int CompletionTokens, int TotalTokens, PromptTokensDetails PromptTokensDetails);

internal sealed record PromptTokensDetails(int CachedTokens);

/// <summary>Counts the tokens of a request while they come.</summary>
internal sealed class UsageCounter(int promptTokens)
{
    private readonly Dictionary<int, int> cached = [];
    private int completionTokens;

    public void Add(int prompt, Engine.Core.RequestOutput output)
    {
        completionTokens += output.NewTokenIds.Count;
        cached.TryAdd(prompt, output.NumCachedTokens);
    }

    public Usage Current => new(promptTokens, completionTokens, promptTokens + completionTokens, new PromptTokensDetails(cached.Values.Sum()));
}
