using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>Removes states from which the end of the rule cannot be reached, calls of rules that cannot be matched, and what is then not reached any more. A rule that cannot be matched keeps no state.</summary>
internal sealed class DeadStateRemoval(Dictionary<int, Dfa> machines, CompileBudget budget)
{
    private readonly Dictionary<int, bool[]> alive = machines.ToDictionary(m => m.Key, m => new bool[m.Value.States.Count]);

    public void Run()
    {
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var (id, machine) in machines)
            {
                changed |= Mark(machine, alive[id]);
            }
        }

        foreach (var id in machines.Keys.ToArray())
        {
            machines[id] = Rebuild(machines[id], alive[id]);
        }
    }

    /// <summary>Backwards from the ends, through the calls known so far to end.</summary>
    private bool Mark(Dfa machine, bool[] marks)
    {
        var into = new List<int>[marks.Length];
        var queue = new Stack<int>();
        var changed = false;
        for (var i = 0; i < marks.Length; i++)
        {
            var state = machine.States[i];
            budget.Spend(1 + state.Bytes.Count + state.Symbols.Count);
            foreach (var to in Targets(state))
            {
                (into[to] ??= []).Add(i);
            }

            if (marks[i] || state.Accepting)
            {
                changed |= !marks[i];
                marks[i] = true;
                queue.Push(i);
            }
        }

        while (queue.TryPop(out var at))
        {
            foreach (var from in into[at] ?? [])
            {
                budget.Spend();
                if (!marks[from])
                {
                    changed = marks[from] = true;
                    queue.Push(from);
                }
            }
        }

        return changed;
    }

    private bool Usable(Symbol symbol) => symbol.Kind != SymbolKind.Call || alive[symbol.Value] is [true, ..];

    private IEnumerable<int> Targets(Dfa.State state)
    {
        foreach (var (_, _, to) in state.Bytes)
        {
            yield return to;
        }

        foreach (var (symbol, to) in state.Symbols)
        {
            if (Usable(symbol))
            {
                yield return to;
            }
        }

        // From where a turn ends the loop can always be finished, by more turns like this one, if what follows the loop can.
        if (state.EndsTurn)
        {
            yield return state.TurnEnd.Full;
        }
    }

    private Dfa Rebuild(Dfa machine, bool[] marks)
    {
        var numbers = new int[marks.Length];
        Array.Fill(numbers, -1);
        var order = new List<int>();
        if (marks is [true, ..])
        {
            Visit(0);
        }

        for (var next = 0; next < order.Count; next++)
        {
            var state = machine.States[order[next]];
            foreach (var to in Targets(state))
            {
                Visit(to);
            }

            if (state.EndsTurn)
            {
                Visit(state.TurnEnd.Below);
                Visit(state.TurnEnd.Between);
            }
        }

        foreach (var index in order)
        {
            var state = machine.States[index];
            state.Bytes = [.. state.Bytes.Where(e => numbers[e.To] >= 0).Select(e => (e.First, e.Last, numbers[e.To]))];
            state.Symbols = [.. state.Symbols.Where(e => Usable(e.Symbol) && numbers[e.To] >= 0).Select(e => (e.Symbol, numbers[e.To]))];
            if (state.EndsTurn)
            {
                var (below, between, full) = state.TurnEnd;
                state.TurnEnd = numbers[full] < 0 ? (-1, -1, -1) : (numbers[below], numbers[between], numbers[full]);
            }
        }

        return new Dfa([.. order.Select(i => machine.States[i])], machine.Loops);

        void Visit(int state)
        {
            budget.Spend();
            if (marks[state] && numbers[state] < 0)
            {
                numbers[state] = order.Count;
                order.Add(state);
            }
        }
    }
}
