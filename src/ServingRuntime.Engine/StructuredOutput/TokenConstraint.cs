using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>Where one request stands in its grammar.</summary>
internal sealed class TokenConstraint : ITokenConstraint
{
    /// <summary>Frames after which those that no entry needs any more are left behind.</summary>
    private const int CompactAbove = 4096;

    private readonly CompiledGrammar grammar;
    private readonly IReadOnlyList<int> stopTokenIds;
    private StackArena arena = new();
    private StackArena spareArena = new();
    private ConfigurationSet current = new();
    private ConfigurationSet spare = new();
    private int compactAt = CompactAbove;
    private bool ended;

    public TokenConstraint(CompiledGrammar grammar, IReadOnlyList<int> stopTokenIds)
    {
        this.grammar = grammar;
        this.stopTokenIds = stopTokenIds;
        grammar.Start(arena, current);
    }

    public bool IsComplete => ended || (current.Length == 0 && current.Accepting);

    /// <summary>The output may end here.</summary>
    internal bool IsAccepting => current.Accepting;

    public bool TryFillMask(Span<uint> mask)
    {
        if (IsComplete)
        {
            mask.Clear();
        }
        else
        {
            grammar.Masks.Fill(arena, current, mask);
        }

        var mayStop = current.Accepting || ended;
        SetStops(mask, mayStop);
        if (!mayStop && mask.IndexOfAnyExcept(0u) < 0)
        {
            // Only where a stop token is itself the text that is needed: better ended early than stuck.
            SetStops(mask, true);
        }

        return mask.IndexOfAnyExcept(0u) >= 0;
    }

    public void Accept(int tokenId)
    {
        if (ended)
        {
            return;
        }

        if (stopTokenIds.Contains(tokenId))
        {
            ended = true;
            return;
        }

        grammar.Read(arena, tokenId, ref current, ref spare);

        // A token that the mask did not allow (other restrictions of the request left nothing else) ends the output: the engine goes on for everyone else.
        ended = !current.IsAlive;
        if (arena.Count > compactAt)
        {
            Compact();
        }
    }

    private void SetStops(Span<uint> mask, bool allowed)
    {
        for (var i = 0; i < stopTokenIds.Count; i++)
        {
            var id = stopTokenIds[i];
            if ((uint)id >= (uint)mask.Length * 32)
            {
                continue;
            }

            if (allowed)
            {
                mask[id >> 5] |= 1u << id;
            }
            else
            {
                mask[id >> 5] &= ~(1u << id);
            }
        }
    }

    /// <summary>Copies the stacks that are in use; one that several entries share is copied for each, so the next time is later if that did not help.</summary>
    private void Compact()
    {
        spareArena.CutBack(0);
        var depths = new Stack<int>();
        for (var i = 0; i < current.Length; i++)
        {
            for (var frame = current[i].Stack; frame >= 0; frame = arena[frame].Below)
            {
                depths.Push(frame);
            }

            var stack = StackArena.Root;
            while (depths.TryPop(out var frame))
            {
                stack = spareArena.Push(arena[frame].State, arena[frame].Count, stack);
            }

            current.Rebase(i, stack);
        }

        (arena, spareArena) = (spareArena, arena);
        compactAt = Math.Max(CompactAbove, arena.Count * 2);
    }
}
