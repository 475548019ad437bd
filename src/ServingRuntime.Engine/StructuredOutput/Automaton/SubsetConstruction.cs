using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>Makes an automaton deterministic. Calls, tokens and loops are letters like bytes: what they mean is decided while matching.</summary>
internal sealed class SubsetConstruction(Nfa nfa, int accepting, CompileBudget budget)
{
    private readonly Dictionary<int[], int> numbers = new(new SetComparer());
    private readonly List<int[]> sets = [];
    private readonly List<Dfa.State> states = [];
    private readonly List<(int At, int Target, bool Opens)> borders = [];
    private readonly List<int> active = [];
    private readonly int[] open = new int[nfa.States.Count];
    private readonly int[][] closures = new int[nfa.States.Count][];
    private readonly int[] stamps = new int[nfa.States.Count];
    private readonly List<int> members = [];
    private int stamp;

    public Dfa Run(int start)
    {
        Number([start]);
        for (var next = 0; next < sets.Count; next++)
        {
            Expand(states[next], sets[next]);
        }

        return new Dfa(states, [.. nfa.Loops.Select(l => l.Bounds)]);
    }

    private void Expand(Dfa.State state, int[] set)
    {
        borders.Clear();
        Dictionary<Symbol, List<int>>? symbols = null;
        foreach (var member in set)
        {
            var source = nfa.States[member];
            budget.Spend(1 + source.Bytes.Count + source.Symbols.Count);
            state.Accepting |= member == accepting;
            foreach (var (first, last, to) in source.Bytes)
            {
                borders.Add((first, to, true));
                borders.Add((last + 1, to, false));
            }

            foreach (var (symbol, to) in source.Symbols)
            {
                symbols ??= [];
                if (!symbols.TryGetValue(symbol, out var targets))
                {
                    symbols[symbol] = targets = [];
                }

                targets.Add(to);
                if (symbol.Kind == SymbolKind.Enter && nfa.Loops[symbol.Value] is { Bounds.Min: 0 } loop)
                {
                    targets.Add(loop.After);
                }
            }

            // A turn ends here, unless it only just began: the start is entered by no edge, so a set that holds it has read nothing.
            if (source.LoopEnd >= 0 && nfa.Loops[source.LoopEnd] is var ended && Array.BinarySearch(set, ended.Start) < 0)
            {
                state.Loop = source.LoopEnd;
                state.TurnEnd = (Number([ended.Start]), Number([ended.Start, ended.After]), Number([ended.After]));
            }
        }

        AddByteEdges(state);
        if (symbols is not null)
        {
            state.Symbols.AddRange(symbols.OrderBy(s => s.Key).Select(s => (s.Key, Number([.. s.Value]))));
        }
    }

    /// <summary>Sweeps over the borders of all ranges; between two the set of targets is constant.</summary>
    private void AddByteEdges(Dfa.State state)
    {
        budget.Spend(borders.Count * 2);
        borders.Sort((a, b) => a.At != b.At ? a.At - b.At : a.Target != b.Target ? a.Target - b.Target : a.Opens.CompareTo(b.Opens));
        active.Clear();
        for (var i = 0; i < borders.Count;)
        {
            var at = borders[i].At;
            for (; i < borders.Count && borders[i].At == at; i++)
            {
                var (_, target, opens) = borders[i];
                open[target] += opens ? 1 : -1;
                if (opens && open[target] == 1)
                {
                    active.Add(target);
                }
                else if (open[target] == 0)
                {
                    active.Remove(target);
                }
            }

            if (active.Count == 0)
            {
                continue;
            }

            budget.Spend(active.Count);
            var to = Number(active);
            var last = (byte)(borders[i].At - 1);
            if (state.Bytes.Count > 0 && state.Bytes[^1] is var previous && previous.To == to && previous.Last + 1 == at)
            {
                state.Bytes[^1] = (previous.First, last, to);
            }
            else
            {
                state.Bytes.Add(((byte)at, last, to));
            }
        }
    }

    private int Number(List<int> seeds)
    {
        var closed = Close(seeds);
        if (!numbers.TryGetValue(closed, out var number))
        {
            budget.SpendState();
            number = sets.Count;
            numbers[closed] = number;
            sets.Add(closed);
            states.Add(new Dfa.State { Loop = LoopOf(closed) });
        }

        return number;
    }

    private int[] Close(List<int> seeds)
    {
        if (seeds.Count == 1)
        {
            return closures[seeds[0]] ??= Close(seeds[0]);
        }

        foreach (var seed in seeds)
        {
            // Computing a closure takes a stamp of its own, so it comes first.
            closures[seed] ??= Close(seed);
        }

        var current = ++stamp;
        members.Clear();
        foreach (var seed in seeds)
        {
            foreach (var member in closures[seed])
            {
                if (stamps[member] != current)
                {
                    stamps[member] = current;
                    members.Add(member);
                }
            }

            budget.Spend(closures[seed].Length);
        }

        var closed = members.ToArray();
        Array.Sort(closed);
        return closed;
    }

    private int[] Close(int seed)
    {
        stamp++;
        members.Clear();
        members.Add(seed);
        stamps[seed] = stamp;
        for (var next = 0; next < members.Count; next++)
        {
            budget.Spend();
            foreach (var to in nfa.States[members[next]].Empty)
            {
                if (stamps[to] != stamp)
                {
                    stamps[to] = stamp;
                    members.Add(to);
                }
            }
        }

        var closed = members.ToArray();
        Array.Sort(closed);
        return closed;
    }

    private int LoopOf(int[] set)
    {
        foreach (var member in set)
        {
            if (nfa.States[member].InLoop is var loop and >= 0)
            {
                return loop;
            }
        }

        return -1;
    }

    private sealed class SetComparer : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] obj)
        {
            var hash = default(HashCode);
            hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(obj.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
