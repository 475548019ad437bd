namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>A parsed pattern.</summary>
internal abstract record PatternSyntax
{
    public sealed record One(CharacterSet Set) : PatternSyntax;

    public sealed record Row(IReadOnlyList<PatternSyntax> Parts) : PatternSyntax;

    public sealed record Choice(IReadOnlyList<PatternSyntax> Branches) : PatternSyntax;

    /// <param name="Max"><see cref="int.MaxValue"/>: without end.</param>
    public sealed record Repeat(PatternSyntax Body, int Min, int Max, bool Lazy, bool Possessive) : PatternSyntax;

    public sealed record LookAhead(PatternSyntax Body, bool Negative) : PatternSyntax;

    /// <summary>A look at the one character before.</summary>
    public sealed record LookBehind(CharacterSet Set, bool Negative) : PatternSyntax;

    /// <summary>The first way in which the body matches, and no other.</summary>
    public sealed record Atomic(PatternSyntax Body) : PatternSyntax;

    public sealed record Anchor(PatternAnchor Kind) : PatternSyntax;
}

/// <summary>Places between characters. In Oniguruma's syntax ^ and $ are always of lines.</summary>
internal enum PatternAnchor
{
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    TextEndOrLastLine,
    WordBoundary,
    NoWordBoundary,
}
