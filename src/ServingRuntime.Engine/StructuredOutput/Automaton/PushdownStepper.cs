namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>
/// Runs an automaton. Between two bytes all that needs no byte is followed: calls, ends of rules, turns of loops. A set holds at most <see cref="MaxEntries"/>
/// entries; further ones are dropped, which narrows an extremely ambiguous grammar and never lets anything wrong through. Not thread-safe.
/// </summary>
internal sealed class PushdownStepper(PushdownAutomaton automaton)
{
    public const int MaxEntries = 1024;
    private const int MaxQueued = 4096;
    private const int TableSize = 8192;

    private readonly (int State, int Count, int Stack)[] queue = new (int, int, int)[MaxQueued];
    private readonly (int Stamp, int Index)[] table = new (int, int)[TableSize];
    private int queued;
    private int stamp;

    /// <summary>Whether entries have been dropped since this was last set to false.</summary>
    public bool Dropped { get; set; }

    public void Start(StackArena arena, int stack, ConfigurationSet to)
    {
        to.Clear();
        Begin();
        Enqueue(arena, automaton.Start, 0, stack);
        Close(arena, to);
    }

    /// <summary>What follows when the rule above this frame has ended.</summary>
    public void Return(StackArena arena, int frame, ConfigurationSet to)
    {
        to.Clear();
        Begin();
        Pop(arena, frame, to);
        Close(arena, to);
    }

    /// <summary>Reads one byte.</summary>
    public void Step(StackArena arena, ConfigurationSet from, byte value, ConfigurationSet to)
    {
        to.Clear();
        if (from.Length == 1)
        {
            var (state, count, stack) = from[0];
            var next = automaton.Next(state, value);
            if (next < 0)
            {
                return;
            }

            count = automaton.LoopOf(next) < 0 ? 0 : count;
            if (automaton.Flags(next) == StateFlags.TurnEnd)
            {
                (next, count) = Turn(next, count);
            }

            if ((automaton.Flags(next) & StateFlags.Silent) == 0)
            {
                to.Add(next, count, stack);
                return;
            }

            Begin();
            Enqueue(arena, next, count, stack);
            Close(arena, to);
            return;
        }

        Begin();
        for (var i = 0; i < from.Length; i++)
        {
            var (state, count, stack) = from[i];
            var next = automaton.Next(state, value);
            if (next >= 0)
            {
                Enqueue(arena, next, count, stack);
            }
        }

        Close(arena, to);
    }

    /// <summary>Reads one added token.</summary>
    public void StepToken(StackArena arena, ConfigurationSet from, int tokenId, ConfigurationSet to)
    {
        to.Clear();
        Begin();
        for (var i = 0; i < from.Length; i++)
        {
            var (state, count, stack) = from[i];
            var target = -1;
            foreach (var (symbol, next) in automaton.Symbols(state))
            {
                if (symbol.Kind == SymbolKind.Token && symbol.Value == tokenId)
                {
                    target = next;
                    break;
                }

                if (symbol.Kind == SymbolKind.AnyAddedToken)
                {
                    target = next;
                }
            }

            if (target >= 0)
            {
                Enqueue(arena, target, count, stack);
            }
        }

        Close(arena, to);
    }

    private void Begin()
    {
        queued = 0;
        if (++stamp == int.MaxValue)
        {
            Array.Clear(table);
            stamp = 1;
        }
    }

    private void Close(StackArena arena, ConfigurationSet to)
    {
        for (var next = 0; next < queued; next++)
        {
            var (state, count, stack) = queue[next];
            var flags = automaton.Flags(state);
            if ((flags & (StateFlags.Bytes | StateFlags.Tokens)) != 0)
            {
                if (to.Length < MaxEntries)
                {
                    to.Add(state, count, stack);
                }
                else
                {
                    Dropped = true;
                }
            }

            if ((flags & StateFlags.Accepting) != 0)
            {
                Pop(arena, stack, to);
            }

            if ((flags & StateFlags.Calls) != 0)
            {
                Call(arena, state, count, stack);
            }

            if ((flags & StateFlags.TurnEnd) != 0)
            {
                EndTurn(arena, state, count, stack);
            }
        }
    }

    private void Call(StackArena arena, int state, int count, int stack)
    {
        foreach (var (symbol, target) in automaton.Symbols(state))
        {
            if (symbol.Kind == SymbolKind.Call)
            {
                // A call at the very end needs no frame of its own, so right recursion does not grow the stack.
                var last = automaton.Flags(target) == StateFlags.Accepting;
                Enqueue(arena, symbol.Value, 0, last ? stack : arena.Push(target, automaton.LoopOf(target) < 0 ? 0 : count, stack));
            }
            else if (symbol.Kind == SymbolKind.Enter)
            {
                Enqueue(arena, target, 0, stack);
            }
        }
    }

    private void EndTurn(StackArena arena, int state, int count, int stack)
    {
        var (next, turns) = Turn(state, count);
        Enqueue(arena, next, turns, stack);
    }

    /// <summary>Where the end of a turn leads, and the count there.</summary>
    private (int State, int Count) Turn(int state, int count)
    {
        var loop = automaton.Loop(automaton.LoopOf(state));
        var (below, between, full) = automaton.TurnEnd(state);
        var turns = count + 1;
        return turns < loop.Min ? (below, turns)
            : turns >= loop.Max ? (full, 0)
            : (between, loop.Max == int.MaxValue ? loop.Min : turns);
    }

    private void Pop(StackArena arena, int frame, ConfigurationSet to)
    {
        switch (frame)
        {
            case StackArena.Root:
                to.Accepting = true;
                break;
            case StackArena.Unknown:
                to.LeavesUnknown = true;
                break;
            default:
                var below = arena[frame];
                Enqueue(arena, below.State, below.Count, below.Below);
                break;
        }
    }

    /// <summary>Each place once: equal places come from ambiguity, and from rules that may be empty.</summary>
    private void Enqueue(StackArena arena, int state, int count, int stack)
    {
        if (automaton.LoopOf(state) < 0)
        {
            count = 0;
        }

        if (queued == MaxQueued)
        {
            Dropped = true;
            return;
        }

        var hash = arena.HashOf(stack);
        var slot = (int)(((hash + ((ulong)(uint)state * 0x9E3779B97F4A7C15) + ((ulong)(uint)count * 0xC2B2AE3D27D4EB4F)) >> 20) % TableSize);
        while (table[slot].Stamp == stamp)
        {
            var other = queue[table[slot].Index];
            if (other.State == state && other.Count == count && arena.HashOf(other.Stack) == hash)
            {
                return;
            }

            slot = (slot + 1) % TableSize;
        }

        table[slot] = (stamp, queued);
        queue[queued++] = (state, count, stack);
    }
}
