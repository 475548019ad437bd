using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>Refuses rules that call themselves before they have read anything: the stack would grow without end.</summary>
internal static class LeftRecursion
{
    /// <exception cref="GrammarException">There is such a rule.</exception>
    public static void Check(GrammarRules rules, Dictionary<int, Dfa> machines)
    {
        var nullable = new HashSet<int>();
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var (id, machine) in machines)
            {
                if (machine.States.Count > 0 && !nullable.Contains(id) && Leading(machine, nullable, rules.Budget).Nullable)
                {
                    changed = nullable.Add(id);
                }
            }
        }

        var finished = new HashSet<int>();
        var path = new HashSet<int>();
        foreach (var id in machines.Keys)
        {
            Visit(id);
        }

        void Visit(int id)
        {
            if (finished.Contains(id) || machines[id].States.Count == 0)
            {
                return;
            }

            if (!path.Add(id))
            {
                throw new GrammarException($"rule '{rules.All[id].Name}' is left-recursive: it begins with itself. Write it with a repetition instead");
            }

            foreach (var called in Leading(machines[id], nullable, rules.Budget).Calls)
            {
                Visit(called);
            }

            path.Remove(id);
            finished.Add(id);
        }
    }

    /// <summary>What a rule calls before it reads anything, and whether it may end without reading anything.</summary>
    private static (bool Nullable, HashSet<int> Calls) Leading(Dfa machine, HashSet<int> nullable, CompileBudget budget)
    {
        var calls = new HashSet<int>();
        var seen = new HashSet<int> { 0 };
        var queue = new Stack<int>(seen);
        var ends = false;
        while (queue.TryPop(out var at))
        {
            var state = machine.States[at];
            budget.Spend(1 + state.Symbols.Count);
            ends |= state.Accepting;
            foreach (var (symbol, to) in state.Symbols)
            {
                if (symbol.Kind == SymbolKind.Call)
                {
                    calls.Add(symbol.Value);
                }

                var silent = symbol.Kind == SymbolKind.Enter || (symbol.Kind == SymbolKind.Call && nullable.Contains(symbol.Value));
                if (silent && seen.Add(to))
                {
                    queue.Push(to);
                }
            }

            foreach (var to in state.EndsTurn ? [state.TurnEnd.Below, state.TurnEnd.Between, state.TurnEnd.Full] : (ReadOnlySpan<int>)[])
            {
                if (to >= 0 && seen.Add(to))
                {
                    queue.Push(to);
                }
            }
        }

        return (ends, calls);
    }
}
