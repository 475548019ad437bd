using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>A nondeterministic automaton with empty edges, as the builder writes it. A turn of a counted loop begins in its start, which no other edge enters, and ends in its end.</summary>
internal sealed class Nfa(CompileBudget budget)
{
    private readonly List<State> states = [];
    private readonly List<Loop> loops = [];
    private int currentLoop = -1;

    public IReadOnlyList<State> States => states;

    /// <summary>Whether states are now added to a loop's body.</summary>
    public bool InLoop => currentLoop >= 0;

    public IReadOnlyList<Loop> Loops => loops;

    public int AddState()
    {
        budget.SpendState();
        states.Add(new State { InLoop = currentLoop });
        return states.Count - 1;
    }

    public void AddEmpty(int from, int to)
    {
        budget.Spend();
        states[from].Empty.Add(to);
    }

    public void AddBytes(int from, byte first, byte last, int to)
    {
        budget.Spend();
        states[from].Bytes.Add((first, last, to));
    }

    public void AddSymbol(int from, Symbol symbol, int to)
    {
        budget.Spend();
        states[from].Symbols.Add((symbol, to));
    }

    /// <returns>The state after the loop.</returns>
    public int AddLoop(int from, CountedLoop bounds, Func<int, int> emitBody)
    {
        var after = AddState();
        var index = loops.Count;
        currentLoop = index;
        var start = AddState();
        loops.Add(new Loop(bounds, start, after));
        AddSymbol(from, new Symbol(SymbolKind.Enter, index), start);
        var end = AddState();
        AddEmpty(emitBody(start), end);
        states[end].LoopEnd = index;
        currentLoop = -1;
        return after;
    }

    public sealed class State
    {
        public List<int> Empty { get; } = [];

        public List<(byte First, byte Last, int To)> Bytes { get; } = [];

        public List<(Symbol Symbol, int To)> Symbols { get; } = [];

        /// <summary>The loop whose body this is a part of; -1: none.</summary>
        public int InLoop { get; init; } = -1;

        /// <summary>The loop of which a turn ends here; -1: none.</summary>
        public int LoopEnd { get; set; } = -1;
    }

    public sealed record Loop(CountedLoop Bounds, int Start, int After);
}
