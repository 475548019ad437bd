namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>
/// A deterministic automaton: at most one target a byte and a symbol. Without symbols and loops it is a regular language, and <see cref="DfaAlgebra"/> applies.
/// State 0 is the start.
/// </summary>
internal sealed class Dfa(IReadOnlyList<Dfa.State> states, IReadOnlyList<CountedLoop> loops)
{
    public IReadOnlyList<State> States => states;

    public IReadOnlyList<CountedLoop> Loops => loops;

    public bool Matches(ReadOnlySpan<byte> bytes)
    {
        var state = 0;
        foreach (var value in bytes)
        {
            state = states[state].Next(value);
            if (state < 0)
            {
                return false;
            }
        }

        return states[state].Accepting;
    }

    public sealed class State
    {
        /// <summary>Sorted and disjoint.</summary>
        public List<(byte First, byte Last, int To)> Bytes { get; set; } = [];

        public List<(Symbol Symbol, int To)> Symbols { get; set; } = [];

        public bool Accepting { get; set; }

        /// <summary>The loop whose body this state is in; -1: none.</summary>
        public int Loop { get; set; } = -1;

        /// <summary>Where a turn of the loop that ends here leads to: another turn is due, may follow, or may not. -1: no turn ends here.</summary>
        public (int Below, int Between, int Full) TurnEnd { get; set; } = (-1, -1, -1);

        public bool EndsTurn => TurnEnd.Full >= 0;

        public int Next(byte value)
        {
            foreach (var (first, last, to) in Bytes)
            {
                if (value <= last)
                {
                    return value >= first ? to : -1;
                }
            }

            return -1;
        }
    }
}
