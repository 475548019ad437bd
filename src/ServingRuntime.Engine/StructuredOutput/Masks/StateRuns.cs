using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>
/// For each state the bytes that lead back to it, so that a whole subtree of the trie made of such bytes is allowed at a glance: the letters inside a string.
/// In a counted loop each such byte is a turn, and the subtree must not be higher than the turns that are left.
/// </summary>
internal sealed class StateRuns
{
    private readonly PushdownAutomaton automaton;
    private readonly ulong[] same;
    private readonly ulong[] turning;

    public StateRuns(PushdownAutomaton automaton)
    {
        this.automaton = automaton;
        same = new ulong[automaton.StateCount];
        turning = new ulong[automaton.StateCount];
        Span<ulong> other = stackalloc ulong[2];
        for (var state = 0; state < same.Length; state++)
        {
            other.Clear();
            ulong seen = 0;
            if ((automaton.Flags(state) & (StateFlags.Calls | StateFlags.TurnEnd)) != 0)
            {
                continue;
            }

            for (var value = 0; value < 256; value++)
            {
                var next = automaton.Next(state, (byte)value);
                var bit = ByteGroups.BitOf((byte)value);
                seen |= bit;
                other[0] |= next == state ? 0 : bit;
                other[1] |= next >= 0 && IsTurnOf(state, next) ? 0 : bit;
            }

            same[state] = seen & ~other[0];
            turning[state] = seen & ~other[1];
        }
    }

    /// <summary>Whether any row of these bytes, no longer than the height, stays in the state (or in turns of its loop).</summary>
    public bool StaysWithin(int state, int count, ulong groups, int height)
    {
        if (groups == 0 || (groups & ~same[state]) == 0)
        {
            return groups != 0;
        }

        if ((groups & ~turning[state]) != 0)
        {
            return false;
        }

        var loop = automaton.Loop(automaton.LoopOf(state));
        return count >= loop.Min
            ? loop.Max == int.MaxValue || count + height < loop.Max
            : count + height < loop.Min;
    }

    /// <summary>Bytes (as groups) that keep the state: many of them make its mask expensive to compute.</summary>
    public bool IsHeavy(int state) => System.Numerics.BitOperations.PopCount(same[state] | turning[state]) >= 3;

    /// <summary>Whether the next state is nothing but the end of a turn that leads back to this one, below the least number of turns as above it.</summary>
    private bool IsTurnOf(int state, int next)
    {
        if (automaton.Flags(next) != StateFlags.TurnEnd)
        {
            return false;
        }

        var (below, between, _) = automaton.TurnEnd(next);
        // A state that is both before and after the least number would be ambiguous only where the loop may be left at once; each is its own run.
        return between == state || below == state;
    }
}
