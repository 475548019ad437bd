using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>A request's next token, or why it has none.</summary>
public readonly record struct SampledToken(int TokenId, TokenLogprobs? Logprobs)
{
    /// <summary>Ends the request with an error; there is no token.</summary>
    public string? Fault { get; private init; }

    /// <summary>With this token the request's constraint is complete: it ends, though the token is part of its text.</summary>
    public bool Completes { get; init; }

    /// <summary>The fault is the model's: what it computed are not numbers.</summary>
    public bool IsCorrupted { get; private init; }

    public static SampledToken Failed(string fault) => new(-1, null) { Fault = fault };

    /// <param name="what">What is NaN or infinite.</param>
    public static SampledToken Corrupted(string what) => new(-1, null) { Fault = $"the model's {what} are not numbers (NaN or infinite)", IsCorrupted = true };
}
