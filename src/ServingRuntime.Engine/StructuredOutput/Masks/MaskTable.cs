using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>
/// Token masks of one grammar. Three levels: the mask of a place with its whole stack, kept; the part of it that depends on the top state alone, kept longer, because
/// every stack shares it; and the walk over the vocabulary. Bounded. Safe to use from several threads.
/// </summary>
internal sealed class MaskTable
{
    /// <summary>Stacks deeper than this are not looked up as a whole.</summary>
    private const int MaxKeyLength = 192;

    private const int SparseLimit = 256;

    /// <summary>Sets larger than this are walked as a whole: looking at each entry alone would cost more than it shares.</summary>
    private const int MaxSeparate = 16;

    /// <summary>See <see cref="MaskWorkspace.WorkLeft"/>; four times a full walk over 128k tokens.</summary>
    private const int MaxWork = 1_000_000;

    private readonly Lock gate = new();
    private readonly PushdownAutomaton automaton;
    private readonly TokenVocabulary vocabulary;
    private readonly StateRuns runs;
    private readonly MaskWorkspace workspace;
    private readonly Dictionary<(int State, int Count, bool Outermost), LocalMask> locals = [];
    private readonly Dictionary<int[], uint[]> whole = new(new KeyComparer());
    private readonly Dictionary<int[], uint[]>.AlternateLookup<ReadOnlySpan<int>> wholeByKey;
    private readonly Queue<int[]> wholeOrder = new();
    private readonly int maxBytes;
    private readonly int maxWhole;
    private readonly uint[] scratch;
    private int localBytes;

    public MaskTable(PushdownAutomaton automaton, TokenVocabulary vocabulary, int maxBytes)
    {
        this.automaton = automaton;
        this.vocabulary = vocabulary;
        this.maxBytes = maxBytes;
        runs = new StateRuns(automaton);
        workspace = new MaskWorkspace(automaton);
        scratch = new uint[vocabulary.MaskWords];
        maxWhole = Math.Max(16, maxBytes / 2 / (vocabulary.MaskWords * 4));
        wholeByKey = whole.GetAlternateLookup<ReadOnlySpan<int>>();
    }

    /// <summary>Computes the masks of states that many tokens survive, so that the engine's thread finds them ready.</summary>
    /// <param name="goOn">Whether there is time left.</param>
    public void Prepare(Func<bool> goOn)
    {
        lock (gate)
        {
            for (var state = 0; state < automaton.StateCount && goOn() && localBytes < maxBytes / 4; state++)
            {
                if (runs.IsHeavy(state) && (automaton.Flags(state) & StateFlags.Bytes) != 0)
                {
                    var count = automaton.LoopOf(state) is var loop and >= 0 ? Canonical(loop, automaton.Loop(loop).Min) : 0;
                    workspace.WorkLeft = MaxWork;
                    LocalOf(state, count, outermost: false);
                }
            }
        }
    }

    /// <summary>Writes which tokens may follow; stop tokens are not its concern.</summary>
    /// <param name="arena">Stacks of the set; as long afterwards as before.</param>
    /// <param name="set">Where matching stands.</param>
    /// <param name="mask">At least the words of the vocabulary; all overwritten.</param>
    public void Fill(StackArena arena, ConfigurationSet set, Span<uint> mask)
    {
        var words = vocabulary.MaskWords;
        mask[words..].Clear();
        lock (gate)
        {
            var hasKey = TryWriteKey(arena, set);
            var key = CollectionsMarshal.AsSpan(workspace.Key);
            if (hasKey && wholeByKey.TryGetValue(key, out var known))
            {
                known.CopyTo(mask);
                return;
            }

            // The key's list is not touched below: computing has lists of its own.
            mask[..words].Clear();
            Compute(arena, set, mask[..words]);
            if (hasKey)
            {
                Keep(key, mask[..words]);
            }
        }
    }

    private void Keep(ReadOnlySpan<int> key, ReadOnlySpan<uint> mask)
    {
        uint[]? buffer = null;
        if (whole.Count >= maxWhole && wholeOrder.TryDequeue(out var oldest))
        {
            whole.Remove(oldest, out buffer);
        }

        buffer ??= new uint[mask.Length];
        mask.CopyTo(buffer);
        var owned = key.ToArray();
        whole[owned] = buffer;
        wholeOrder.Enqueue(owned);
    }

    private void Compute(StackArena arena, ConfigurationSet set, Span<uint> mask)
    {
        workspace.WorkLeft = MaxWork;
        workspace.Stepper.Dropped = false;
        var width = set.Length > MaxSeparate ? PushdownStepper.MaxEntries + 1 : 0;
        for (var i = 0; i < set.Length && set.Length <= MaxSeparate; i++)
        {
            var (state, count, stack) = set[i];
            var loop = automaton.LoopOf(state);
            var local = LocalOf(state, loop < 0 ? 0 : Canonical(loop, count), stack == StackArena.Root);
            width += local.Width;
            Merge(local, mask);
            if (local.Exits.Length == 0 || stack == StackArena.Root)
            {
                continue;
            }

            var bottom = arena.Count;
            workspace.Stepper.Return(arena, stack, workspace.Returned);
            if (workspace.Returned.Length > 0)
            {
                var walk = new TrieWalk(vocabulary.Trie, runs, workspace);
                foreach (var exit in local.Exits)
                {
                    walk.Run(arena, exit, workspace.Returned, mask, exits: null);
                }

                width += walk.Width;
            }

            arena.CutBack(bottom);
        }

        if (workspace.Stepper.Dropped || width > PushdownStepper.MaxEntries)
        {
            // Entries looked at one by one survive more than all together, where some are dropped; the mask must follow what reading a token will do.
            mask.Clear();
            new TrieWalk(vocabulary.Trie, runs, workspace).Run(arena, 0, set, mask, exits: null);
            AddTokens(set, mask);
        }
    }

    private static void Merge(LocalMask local, Span<uint> mask)
    {
        if (local.Dense is { } dense)
        {
            for (var i = 0; i < dense.Length; i++)
            {
                mask[i] |= dense[i];
            }
        }

        foreach (var id in local.Sparse)
        {
            mask[id >> 5] |= 1u << id;
        }
    }

    private void AddTokens(ConfigurationSet set, Span<uint> mask)
    {
        for (var i = 0; i < set.Length; i++)
        {
            AddTokens(set[i].State, mask);
        }
    }

    private void AddTokens(int state, Span<uint> mask)
    {
        if ((automaton.Flags(state) & StateFlags.Tokens) == 0)
        {
            return;
        }

        foreach (var (symbol, _) in automaton.Symbols(state))
        {
            if (symbol.Kind == SymbolKind.Token)
            {
                mask[symbol.Value >> 5] |= 1u << symbol.Value;
            }
            else if (symbol.Kind == SymbolKind.AnyAddedToken)
            {
                foreach (var id in vocabulary.AddedTokenIds)
                {
                    mask[id >> 5] |= 1u << id;
                }
            }
        }
    }

    private LocalMask LocalOf(int state, int count, bool outermost)
    {
        if (locals.TryGetValue((state, count, outermost), out var known))
        {
            return known;
        }

        Array.Clear(scratch);
        workspace.Exits.Clear();
        workspace.LocalArena.CutBack(0);
        workspace.Stepper.Dropped = false;
        workspace.Single.Clear();
        workspace.Single.Add(state, count, outermost ? StackArena.Root : StackArena.Unknown);
        var walk = new TrieWalk(vocabulary.Trie, runs, workspace);
        walk.Run(workspace.LocalArena, 0, workspace.Single, scratch, workspace.Exits);
        AddTokens(state, scratch);
        var width = workspace.Stepper.Dropped ? PushdownStepper.MaxEntries + 1 : Math.Max(1, walk.Width);
        var allowed = 0;
        foreach (var word in scratch)
        {
            allowed += System.Numerics.BitOperations.PopCount(word);
        }

        var local = allowed <= SparseLimit
            ? new LocalMask(null, BitsOf(scratch, allowed), [.. workspace.Exits], width)
            : new LocalMask([.. scratch], [], [.. workspace.Exits], width);
        if (workspace.WorkLeft < 0)
        {
            return local;
        }

        if (localBytes + local.Bytes > maxBytes)
        {
            locals.Clear();
            localBytes = 0;
        }

        localBytes += local.Bytes;
        locals[(state, count, outermost)] = local;
        return local;
    }

    private static int[] BitsOf(uint[] mask, int count)
    {
        var bits = new int[count];
        var next = 0;
        for (var i = 0; i < mask.Length; i++)
        {
            for (var word = mask[i]; word != 0; word &= word - 1)
            {
                bits[next++] = (i * 32) + System.Numerics.BitOperations.TrailingZeroCount(word);
            }
        }

        return bits;
    }

    /// <summary>A count that allows the same tokens: no token is longer than the trie is high, so limits further off make no difference.</summary>
    private int Canonical(int loopIndex, int count)
    {
        var loop = automaton.Loop(loopIndex);
        var reach = vocabulary.Trie.MaxDepth + 1;
        return count < loop.Min ? (loop.Min - count > reach ? loop.Min - reach - 1 : count)
            : loop.Max == int.MaxValue || loop.Max - count > reach ? loop.Min
            : count;
    }

    private bool TryWriteKey(StackArena arena, ConfigurationSet set)
    {
        var key = workspace.Key;
        key.Clear();
        for (var i = 0; i < set.Length; i++)
        {
            var (state, count, stack) = set[i];
            while (true)
            {
                var loop = automaton.LoopOf(state);
                key.Add(state);
                key.Add(loop < 0 ? 0 : Canonical(loop, count));
                if (stack < 0 || key.Count > MaxKeyLength)
                {
                    key.Add(-1);
                    break;
                }

                ref readonly var frame = ref arena[stack];
                (state, count, stack) = (frame.State, frame.Count, frame.Below);
            }

            if (key.Count > MaxKeyLength)
            {
                return false;
            }
        }

        return true;
    }

    private sealed class KeyComparer : IEqualityComparer<int[]>, IAlternateEqualityComparer<ReadOnlySpan<int>, int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<int> alternate, int[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(int[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<int> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(MemoryMarshal.AsBytes(alternate));
            return hash.ToHashCode();
        }

        public int[] Create(ReadOnlySpan<int> alternate) => alternate.ToArray();
    }
}
