using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>Intersection and difference of regular languages, by the product of their automata.</summary>
internal static class DfaAlgebra
{
    /// <summary>The automaton of a node without rules and tokens. Repetitions are written out.</summary>
    public static Dfa ToDfa(GrammarNode node, CompileBudget budget) => new NfaBuilder(null, null, budget).Build(node);

    public static Dfa Intersect(Dfa first, Dfa second, CompileBudget budget) => Product(first, second, (a, b) => a && b, needsSecond: true, budget);

    /// <summary>What the first has and the second has not.</summary>
    public static Dfa Subtract(Dfa first, Dfa second, CompileBudget budget) => Product(first, second, (a, b) => a && !b, needsSecond: false, budget);

    /// <summary>Whether no text is in it.</summary>
    public static bool IsEmpty(Dfa language)
    {
        var seen = new HashSet<int> { 0 };
        var queue = new Stack<int>(seen);
        while (queue.TryPop(out var at))
        {
            if (language.States[at].Accepting)
            {
                return false;
            }

            foreach (var (_, _, to) in language.States[at].Bytes)
            {
                if (seen.Add(to))
                {
                    queue.Push(to);
                }
            }
        }

        return true;
    }

    private static Dfa Product(Dfa first, Dfa second, Func<bool, bool, bool> accepts, bool needsSecond, CompileBudget budget)
    {
        var numbers = new Dictionary<(int, int), int>();
        var pairs = new List<(int First, int Second)>();
        var states = new List<Dfa.State>();
        Number(0, 0);
        for (var i = 0; i < pairs.Count; i++)
        {
            var (a, b) = pairs[i];
            var state = states[i];
            state.Accepting = accepts(first.States[a].Accepting, b >= 0 && second.States[b].Accepting);
            foreach (var (low, high, to) in first.States[a].Bytes)
            {
                // The other's ranges cut this one; between them it has no edge.
                int at = low;
                foreach (var (otherLow, otherHigh, otherTo) in b >= 0 ? second.States[b].Bytes : [])
                {
                    budget.Spend();
                    if (otherHigh < at || otherLow > high)
                    {
                        continue;
                    }

                    if (otherLow > at && !needsSecond)
                    {
                        state.Bytes.Add(((byte)at, (byte)(otherLow - 1), Number(to, -1)));
                    }

                    state.Bytes.Add(((byte)Math.Max(at, otherLow), Math.Min(otherHigh, high), Number(to, otherTo)));
                    at = otherHigh + 1;
                }

                if (at <= high && !needsSecond)
                {
                    state.Bytes.Add(((byte)at, high, Number(to, -1)));
                }
            }
        }

        return new Dfa(states, []);

        int Number(int a, int b)
        {
            if (!numbers.TryGetValue((a, b), out var number))
            {
                budget.SpendState();
                number = pairs.Count;
                numbers[(a, b)] = number;
                pairs.Add((a, b));
                states.Add(new Dfa.State());
            }

            return number;
        }
    }
}
