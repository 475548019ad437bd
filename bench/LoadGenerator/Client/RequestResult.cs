namespace Octavo.LoadGenerator.Client;

/// <summary>One request's measurement; times in seconds since it was sent.</summary>
internal sealed record RequestResult
{
    /// <summary>Null: it succeeded.</summary>
    public string? Error { get; init; }

    public int PromptTokens { get; init; }
    public int CachedTokens { get; init; }
    public int OutputTokens { get; init; }

    /// <summary>Until the first text.</summary>
    public double TimeToFirstToken { get; init; }

    /// <summary>Between one piece of text and the next.</summary>
    public IReadOnlyList<double> InterTokenLatencies { get; init; } = [];

    public double EndToEnd { get; init; }
}
