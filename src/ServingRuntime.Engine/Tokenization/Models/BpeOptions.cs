namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>The switches of a BPE model; Hugging Face's names.</summary>
internal sealed record BpeOptions
{
    public string? UnknownToken { get; init; }
    public bool FuseUnknown { get; init; }
    public bool ByteFallback { get; init; }

    /// <summary>A piece that is a token as a whole is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Written before each character of a piece but the first; empty: nothing.</summary>
    public string ContinuingSubwordPrefix { get; init; } = "";

    /// <summary>Written behind the last character of a piece; empty: nothing.</summary>
    public string EndOfWordSuffix { get; init; } = "";
}
