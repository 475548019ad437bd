namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>
/// A compiled grammar: the deterministic automata of its rules side by side, calls between them by a stack. Every state can reach the end of its rule, and every
/// rule can be matched: so whatever has been read, there is a way to finish. Immutable.
/// </summary>
internal sealed class PushdownAutomaton
{
    private readonly int[] edgeStart;
    private readonly byte[] edgeLast;
    private readonly byte[] edgeFirst;
    private readonly int[] edgeTarget;
    private readonly StateFlags[] flags;
    private readonly int[] symbolStart;
    private readonly (Symbol Symbol, int Target)[] symbols;
    private readonly int[] loopOf;
    private readonly (int Below, int Between, int Full)[] turnEnds;
    private readonly CountedLoop[] loops;

    /// <param name="states">Of all rules; a call's value is the called rule's first state.</param>
    /// <param name="loops">Of all rules.</param>
    /// <param name="start">First state of the root.</param>
    public PushdownAutomaton(IReadOnlyList<Dfa.State> states, IReadOnlyList<CountedLoop> loops, int start)
    {
        Start = start;
        this.loops = [.. loops];
        edgeStart = new int[states.Count + 1];
        symbolStart = new int[states.Count + 1];
        flags = new StateFlags[states.Count];
        loopOf = new int[states.Count];
        turnEnds = new (int, int, int)[states.Count];
        edgeFirst = new byte[states.Sum(s => s.Bytes.Count)];
        edgeLast = new byte[edgeFirst.Length];
        edgeTarget = new int[edgeFirst.Length];
        symbols = new (Symbol, int)[states.Sum(s => s.Symbols.Count)];
        for (var i = 0; i < states.Count; i++)
        {
            var state = states[i];
            var edge = edgeStart[i];
            foreach (var (first, last, to) in state.Bytes)
            {
                (edgeFirst[edge], edgeLast[edge], edgeTarget[edge]) = (first, last, to);
                edge++;
            }

            edgeStart[i + 1] = edge;
            state.Symbols.CopyTo(symbols, symbolStart[i]);
            symbolStart[i + 1] = symbolStart[i] + state.Symbols.Count;
            loopOf[i] = state.Loop;
            turnEnds[i] = state.TurnEnd;
            flags[i] = FlagsOf(state);
        }
    }

    public int Start { get; }

    public int StateCount => flags.Length;

    public long Bytes => (flags.Length * 33L) + (edgeFirst.Length * 6L) + (symbols.Length * 12L);

    public StateFlags Flags(int state) => flags[state];

    public int LoopOf(int state) => loopOf[state];

    public CountedLoop Loop(int loop) => loops[loop];

    public (int Below, int Between, int Full) TurnEnd(int state) => turnEnds[state];

    public ReadOnlySpan<(Symbol Symbol, int Target)> Symbols(int state) => symbols.AsSpan(symbolStart[state]..symbolStart[state + 1]);

    /// <returns>-1 where the byte cannot come.</returns>
    public int Next(int state, byte value)
    {
        int low = edgeStart[state], high = edgeStart[state + 1] - 1;
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            if (value < edgeFirst[middle])
            {
                high = middle - 1;
            }
            else if (value > edgeLast[middle])
            {
                low = middle + 1;
            }
            else
            {
                return edgeTarget[middle];
            }
        }

        return -1;
    }

    private static StateFlags FlagsOf(Dfa.State state)
    {
        var result = state.Bytes.Count > 0 ? StateFlags.Bytes : StateFlags.None;
        result |= state.Accepting ? StateFlags.Accepting : StateFlags.None;
        result |= state.EndsTurn ? StateFlags.TurnEnd : StateFlags.None;
        foreach (var (symbol, _) in state.Symbols)
        {
            result |= symbol.Kind is SymbolKind.Call or SymbolKind.Enter ? StateFlags.Calls : StateFlags.Tokens;
        }

        return result;
    }
}

/// <summary>What a state has, so that the common one (bytes alone) is known at a glance.</summary>
[Flags]
internal enum StateFlags : byte
{
    None = 0,

    /// <summary>Edges by bytes.</summary>
    Bytes = 1,

    /// <summary>Edges by added tokens.</summary>
    Tokens = 2,

    /// <summary>Its rule may end here.</summary>
    Accepting = 4,

    /// <summary>Calls rules or enters loops.</summary>
    Calls = 8,

    /// <summary>A turn of its loop ends here.</summary>
    TurnEnd = 16,

    /// <summary>Any of those that are followed without reading anything.</summary>
    Silent = Accepting | Calls | TurnEnd,
}
