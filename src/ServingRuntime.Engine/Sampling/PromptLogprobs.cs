using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>The log-probabilities of a prompt's tokens as far as they are known. What a preemption makes computed again is not gathered again: it is the same, bit for bit.</summary>
internal sealed class PromptLogprobs(int numPromptTokens, int top)
{
    private TokenLogprobs?[]? entries = new TokenLogprobs?[numPromptTokens];

    /// <summary>As <see cref="SamplingParams.PromptLogprobs"/>.</summary>
    public int Top => top;

    /// <summary>The first token that is not known; nothing comes before the prompt's first one, so it never is.</summary>
    public int Next { get; private set; } = 1;

    public bool IsComplete => Next >= numPromptTokens;

    public void Add(TokenLogprobs logprobs) => entries![Next++] = logprobs;

    /// <summary>All of them, once; null afterwards.</summary>
    public TokenLogprobs?[]? Take()
    {
        var taken = entries;
        entries = null;
        return taken;
    }
}
