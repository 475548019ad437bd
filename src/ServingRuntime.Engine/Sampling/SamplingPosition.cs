using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>Where a token is sampled: what stands before it in its request.</summary>
/// <param name="request">Whose.</param>
/// <param name="tokens">Prompt and output before the position.</param>
internal readonly ref struct SamplingPosition(Request request, ReadOnlySpan<int> tokens)
{
    public Request Request { get; } = request;

    public ReadOnlySpan<int> Tokens { get; } = tokens;

    public ReadOnlySpan<int> Output => Tokens[Request.NumPromptTokens..];

    public int NumOutputTokens => Tokens.Length - Request.NumPromptTokens;
}
