namespace Octavo.TokenizerBench.Measuring;

/// <summary>One comparison.</summary>
public sealed record MeasureOptions
{
    public required IReadOnlyList<string> Files { get; init; }

    public int Rounds { get; init; } = 5;

    /// <summary>Size of the text in bytes of UTF-8.</summary>
    public int Bytes { get; init; } = 1_000_000;

    public int Seed { get; init; } = 1;
}
