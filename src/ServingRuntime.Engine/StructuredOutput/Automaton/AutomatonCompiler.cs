using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>Rules to one automaton: written out, made deterministic, freed of all that cannot be finished, and checked for left recursion.</summary>
internal static class AutomatonCompiler
{
    /// <param name="rules">All rules; repetitions that cannot be counted in place are added to them.</param>
    /// <param name="root">What the whole output must match.</param>
    /// <param name="writable">Whether the vocabulary can write a byte by itself; what needs another byte is left out.</param>
    /// <exception cref="GrammarException">Nothing matches, a rule is left-recursive, or a budget is spent.</exception>
    public static PushdownAutomaton Compile(GrammarRules rules, GrammarNode root, Func<byte, bool> writable)
    {
        var rootRule = rules.Declare("root", mayInline: false);
        rules.Define(rootRule, root);
        var inlining = new RuleInlining(rules);
        var machines = new Dictionary<int, Dfa>();
        var order = new List<int>();
        var queue = new Queue<int>([rootRule]);
        while (queue.TryDequeue(out var id))
        {
            if (machines.ContainsKey(id))
            {
                continue;
            }

            var machine = new NfaBuilder(rules, inlining, rules.Budget).Build(rules.All[id].Body);
            machines[id] = machine;
            order.Add(id);
            foreach (var state in machine.States)
            {
                state.Bytes = RestrictTo(writable, state.Bytes);
                foreach (var (symbol, _) in state.Symbols)
                {
                    if (symbol.Kind == SymbolKind.Call)
                    {
                        queue.Enqueue(symbol.Value);
                    }
                }
            }
        }

        new DeadStateRemoval(machines, rules.Budget).Run();
        if (machines[rootRule].States.Count == 0)
        {
            throw new GrammarException("nothing can match the constraint: its parts contradict each other, a rule never ends, or the vocabulary of this model cannot write it");
        }

        LeftRecursion.Check(rules, machines);
        return Join(machines, order, rootRule);
    }

    private static PushdownAutomaton Join(Dictionary<int, Dfa> machines, List<int> order, int rootRule)
    {
        var offsets = new Dictionary<int, int>();
        var states = new List<Dfa.State>();
        var loops = new List<CountedLoop>();
        foreach (var id in order)
        {
            offsets[id] = states.Count;
            states.AddRange(machines[id].States);
        }

        foreach (var id in order)
        {
            var offset = offsets[id];
            foreach (var state in machines[id].States)
            {
                state.Bytes = state.Bytes.ConvertAll(e => (e.First, e.Last, e.To + offset));
                state.Symbols = state.Symbols.ConvertAll(e => e.Symbol.Kind == SymbolKind.Call
                    ? (new Symbol(SymbolKind.Call, offsets[e.Symbol.Value]), e.To + offset)
                    : (e.Symbol, e.To + offset));
                state.Loop = state.Loop >= 0 ? state.Loop + loops.Count : -1;
                if (state.EndsTurn)
                {
                    var (below, between, full) = state.TurnEnd;
                    state.TurnEnd = (below < 0 ? -1 : below + offset, between < 0 ? -1 : between + offset, full + offset);
                }
            }

            loops.AddRange(machines[id].Loops);
        }

        return new PushdownAutomaton(states, loops, offsets[rootRule]);
    }

    private static List<(byte First, byte Last, int To)> RestrictTo(Func<byte, bool> writable, List<(byte First, byte Last, int To)> edges)
    {
        var kept = new List<(byte First, byte Last, int To)>(edges.Count);
        foreach (var (first, last, to) in edges)
        {
            for (int value = first, from = -1; value <= last + 1; value++)
            {
                var usable = value <= last && writable((byte)value);
                if (usable && from < 0)
                {
                    from = value;
                }
                else if (!usable && from >= 0)
                {
                    kept.Add(((byte)from, (byte)(value - 1), to));
                    from = -1;
                }
            }
        }

        return kept;
    }
}
