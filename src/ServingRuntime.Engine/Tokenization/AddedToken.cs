namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>A token that is matched in the text itself, before any splitting; an entry of <c>added_tokens</c>.</summary>
public sealed record AddedToken
{
    public required int Id { get; init; }
    public required string Content { get; init; }

    /// <summary>Left out of decoded text unless asked for.</summary>
    public bool Special { get; init; }

    /// <summary>Swallows white space to its left.</summary>
    public bool LStrip { get; init; }

    /// <summary>Swallows white space to its right.</summary>
    public bool RStrip { get; init; }

    /// <summary>Matched in the normalised text, and normalised itself.</summary>
    public bool Normalized { get; init; }

    /// <summary>Matched only where no word character touches it.</summary>
    public bool SingleWord { get; init; }
}
