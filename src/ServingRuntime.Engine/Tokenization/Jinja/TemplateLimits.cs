namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>How much work and text one rendering may cost. A template comes with the model, and the conversation from a client: neither is trusted.</summary>
public sealed record TemplateLimits
{
    /// <summary>Evaluated nodes, plus one for every so many characters or items that an operation copies.</summary>
    public int MaxSteps { get; init; } = 5_000_000;

    public TimeSpan MaxTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Characters of the result and of any string on the way.</summary>
    public int MaxOutputLength { get; init; } = 8 * 1024 * 1024;

    /// <summary>Macros and recursive loops inside one another.</summary>
    public int MaxDepth { get; init; } = 50;
}
