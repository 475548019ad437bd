namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>What an edge can be labelled with besides bytes.</summary>
internal readonly record struct Symbol(SymbolKind Kind, int Value) : IComparable<Symbol>
{
    public int CompareTo(Symbol other) => Kind != other.Kind ? Kind.CompareTo(other.Kind) : Value.CompareTo(other.Value);
}

internal enum SymbolKind
{
    /// <summary>A rule is matched, then the edge's target goes on.</summary>
    Call,

    /// <summary>One added token.</summary>
    Token,

    /// <summary>Any added token.</summary>
    AnyAddedToken,

    /// <summary>A counted loop begins, its count at 0.</summary>
    Enter,
}
