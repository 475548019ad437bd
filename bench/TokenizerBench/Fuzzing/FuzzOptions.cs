namespace Octavo.TokenizerBench.Fuzzing;

/// <summary>One campaign.</summary>
public sealed record FuzzOptions
{
    public required int Seed { get; init; }

    public required TimeSpan Limit { get; init; }

    /// <summary>tokenizer.json files, plain or gzipped, that are compared as they are.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Where tokenizers and texts that differ are written.</summary>
    public required string Findings { get; init; }

    /// <summary>Made-up tokenizers between two files.</summary>
    public int Variations { get; init; } = 60;

    /// <summary>Whether the JavaScript package is asked as well, about the files.</summary>
    public bool WithScript { get; init; } = true;
}
