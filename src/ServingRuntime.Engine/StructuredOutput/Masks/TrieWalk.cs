using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>Finds the tokens under a node of the trie that a set of configurations survives, each common prefix read once.</summary>
internal sealed class TrieWalk(VocabularyTrie trie, StateRuns runs, MaskWorkspace workspace)
{
    /// <summary>Most entries of a set on the way.</summary>
    public int Width { get; private set; }

    /// <param name="arena">Where the stacks of <paramref name="start"/> are; as long afterwards as before.</param>
    /// <param name="node">Only what is below this node.</param>
    /// <param name="start">Where matching stands at that node.</param>
    /// <param name="mask">Gets the bits of what is allowed.</param>
    /// <param name="exits">Gets the nodes where the rule may have ended, if it is looked at alone.</param>
    public void Run(StackArena arena, int node, ConfigurationSet start, Span<uint> mask, List<int>? exits)
    {
        var baseDepth = trie.Depth(node);
        var bottom = arena.Count;
        var found = false;
        var end = trie.End(node);
        for (var at = node + 1; at < end;)
        {
            var depth = trie.Depth(at);
            var from = depth == baseDepth + 1 ? start : workspace.Set(depth - 1);
            arena.CutBack(depth == baseDepth + 1 ? bottom : workspace.Mark(depth - 1));
            var to = workspace.Set(depth);
            workspace.WorkLeft -= from.Length;
            workspace.Stepper.Step(arena, from, trie.Value(at), to);
            if (!to.IsAlive)
            {
                at = trie.End(at);
                continue;
            }

            if (workspace.WorkLeft < 0 && found)
            {
                break;
            }

            Width = Math.Max(Width, to.Length);
            found = true;
            if (to.LeavesUnknown && exits is not null && trie.End(at) > at + 1)
            {
                exits.Add(at);
            }

            if (to.Length == 1 && !to.LeavesUnknown && runs.StaysWithin(to[0].State, to[0].Count, trie.GroupsBelow(at), trie.Height(at)))
            {
                Allow(mask, trie.TokensWithin(at));
                at = trie.End(at);
                continue;
            }

            Allow(mask, trie.TokensAt(at));
            workspace.Mark(depth) = arena.Count;
            at = to.Length > 0 ? at + 1 : trie.End(at);
        }

        arena.CutBack(bottom);
    }

    private static void Allow(Span<uint> mask, ReadOnlySpan<int> tokens)
    {
        ref var words = ref MemoryMarshal.GetReference(mask);
        foreach (var id in tokens)
        {
            System.Runtime.CompilerServices.Unsafe.Add(ref words, id >> 5) |= 1u << id;
        }
    }
}
