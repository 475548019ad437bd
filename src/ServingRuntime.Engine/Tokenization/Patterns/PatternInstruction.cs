namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>What a step of a compiled pattern does; where nothing else is said the next instruction follows.</summary>
internal enum PatternOperation
{
    /// <summary>The pattern, or the body of a look-ahead or atomic group, has matched.</summary>
    Accept,

    /// <summary>Takes one character of the set.</summary>
    Take,

    /// <summary>Goes on at First, and should that fail at Second.</summary>
    Split,

    /// <summary>Goes on at First.</summary>
    Jump,

    /// <summary>The next character is in the set; at the end of the text: Flag.</summary>
    NextIs,

    /// <summary>The character before is in the set; at the beginning of the text: Flag.</summary>
    PreviousIs,

    /// <summary>An anchor; First is its <see cref="PatternAnchor"/>.</summary>
    Anchor,

    /// <summary>The body that begins at the next instruction matches here (Flag: does not); goes on at First, where it began.</summary>
    LookAhead,

    /// <summary>The body that begins at the next instruction matches; goes on at First, where the body ended.</summary>
    Atomic,
}

/// <summary>One step of a compiled pattern.</summary>
internal readonly record struct PatternInstruction(PatternOperation Operation, int First = 0, int Second = 0, CharacterSet? Set = null, bool Flag = false);
