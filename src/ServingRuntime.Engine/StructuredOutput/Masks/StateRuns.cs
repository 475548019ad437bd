using System.Numerics;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>
/// For each state the characters that lead back to it, so that a whole subtree of the trie made of such characters is allowed at a glance: the letters inside a
/// string. In a counted loop each such character is a turn, and the subtree must not be higher than the turns that are left.
/// </summary>
internal sealed class StateRuns
{
    private readonly PushdownAutomaton automaton;
    private readonly ulong[] same;
    private readonly ulong[] turning;

    /// <summary>Characters that go on being turns when the least number is reached, with nothing else to follow there.</summary>
    private readonly ulong[] crossing;

    public StateRuns(PushdownAutomaton automaton)
    {
        this.automaton = automaton;
        same = new ulong[automaton.StateCount];
        turning = new ulong[automaton.StateCount];
        crossing = new ulong[automaton.StateCount];
        for (var state = 0; state < same.Length; state++)
        {
            if ((automaton.Flags(state) & (StateFlags.Calls | StateFlags.TurnEnd | StateFlags.Bytes)) == StateFlags.Bytes)
            {
                same[state] = GroupsBack(state, next => next == state);
                turning[state] = automaton.LoopOf(state) >= 0 ? GroupsBack(state, next => IsTurnOf(state, next)) : 0;
            }
        }

        for (var state = 0; state < same.Length; state++)
        {
            if (turning[state] != 0 && StateFromLeastTurns(state) is var between and >= 0 && (automaton.Flags(between) & StateFlags.Accepting) == 0)
            {
                crossing[state] = turning[state] & turning[between];
            }
        }
    }

    /// <summary>Whether any text of these bytes, no longer than the height, stays in the state (or in turns of its loop).</summary>
    /// <param name="groups">As <see cref="VocabularyTrie.GroupsBelow"/>.</param>
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
        var belowMax = loop.Max == int.MaxValue || count + height < loop.Max;
        return belowMax && (count >= loop.Min || count + height < loop.Min || (groups & ~crossing[state]) == 0);
    }

    /// <summary>Whether many characters keep the state: its mask is expensive to compute.</summary>
    public bool IsHeavy(int state) => BitOperations.PopCount(same[state] | turning[state]) >= 3;

    private ulong GroupsBack(int state, Func<int, bool> isBack)
    {
        ulong seen = 0, others = 0;
        for (var value = 0; value < 256; value++)
        {
            var next = automaton.Next(state, (byte)value);
            seen |= ByteGroups.BitOf((byte)value);
            others |= next >= 0 && isBack(next) ? 0 : ByteGroups.BitOf((byte)value);
        }

        var groups = seen & ~others;
        return AllScalarsLeadBack(state, isBack) ? groups | ByteGroups.WellFormed : groups;
    }

    /// <summary>Whether every character beyond ASCII, and nothing else, leads back, with nothing to decide on the way.</summary>
    private bool AllScalarsLeadBack(int state, Func<int, bool> isBack)
    {
        var known = new Dictionary<(int, int, byte, byte), bool>();
        return Leads(0xC2, 0xDF, 0x80, 0xBF, 1) && Leads(0xE0, 0xE0, 0xA0, 0xBF, 2) && Leads(0xE1, 0xEC, 0x80, 0xBF, 2) && Leads(0xED, 0xED, 0x80, 0x9F, 2)
            && Leads(0xEE, 0xEF, 0x80, 0xBF, 2) && Leads(0xF0, 0xF0, 0x90, 0xBF, 3) && Leads(0xF1, 0xF3, 0x80, 0xBF, 3) && Leads(0xF4, 0xF4, 0x80, 0x8F, 3);

        bool Leads(byte first, byte last, byte low, byte high, int rest)
        {
            for (int lead = first; lead <= last; lead++)
            {
                var next = automaton.Next(state, (byte)lead);
                if (next < 0 || automaton.Flags(next) != StateFlags.Bytes || !Continues(next, low, high, rest))
                {
                    return false;
                }
            }

            return true;
        }

        bool Continues(int at, byte low, byte high, int rest)
        {
            if (known.TryGetValue((at, rest, low, high), out var answer))
            {
                return answer;
            }

            answer = true;
            for (int value = low; value <= high && answer; value++)
            {
                var next = automaton.Next(at, (byte)value);
                answer = next >= 0 && (rest == 1 ? isBack(next) : automaton.Flags(next) == StateFlags.Bytes && Continues(next, 0x80, 0xBF, rest - 1));
            }

            return known[(at, rest, low, high)] = answer;
        }
    }

    /// <returns>The state of the loop from its least number of turns on; -1 where no byte is a turn.</returns>
    private int StateFromLeastTurns(int state)
    {
        for (var value = 0; value < 256; value++)
        {
            var next = automaton.Next(state, (byte)value);
            if (next >= 0 && IsTurnOf(state, next))
            {
                return automaton.TurnEnd(next).Between;
            }
        }

        return -1;
    }

    /// <summary>Whether the next state is nothing but the end of a turn that leads back to this one.</summary>
    private bool IsTurnOf(int state, int next)
    {
        if (automaton.Flags(next) != StateFlags.TurnEnd)
        {
            return false;
        }

        // The state is that below the least number of turns, or that from there on; the count says which.
        var (below, between, _) = automaton.TurnEnd(next);
        return between == state || below == state;
    }
}
