using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Buffers;

/// <summary>
/// The tokens of short pieces that have been met: the words of ordinary text. Two places for each hash, the newer in front, so it never grows. Without locks: an entry
/// is immutable, and a place that several threads write holds one of theirs.
/// </summary>
internal sealed class PieceCache
{
    private const int IndexBits = 15;
    private readonly Entry?[] entries = new Entry?[1 << IndexBits];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryAppend(in PieceKey key, IdBuffer output)
    {
        var place = (int)(key.Hash >> (64 - IndexBits)) & ~1;
        var entry = entries[place];
        if (entry is null || !entry.Is(key))
        {
            entry = entries[place + 1];
            if (entry is null || !entry.Is(key))
            {
                return false;
            }
        }

        if (entry.More is null)
        {
            output.AddSome(entry.First, entry.Count);
        }
        else
        {
            output.AddRange(entry.More);
        }

        return true;
    }

    public void Add(in PieceKey key, ReadOnlySpan<int> ids)
    {
        var place = (int)(key.Hash >> (64 - IndexBits)) & ~1;
        entries[place + 1] = entries[place];
        entries[place] = new Entry(key, ids);
    }

    private sealed class Entry
    {
        private readonly Vector256<ulong> units;
        private readonly int length;

        public Entry(in PieceKey key, ReadOnlySpan<int> ids)
        {
            units = key.Units;
            length = key.Length;
            Count = ids.Length;
            if (ids.Length > IdBuffer.Slack)
            {
                More = ids.ToArray();
                return;
            }

            Span<int> four = stackalloc int[IdBuffer.Slack];
            four.Clear();
            ids.CopyTo(four);
            First = Vector128.Create<int>(four);
        }

        public Vector128<int> First { get; }

        public int Count { get; }

        public int[]? More { get; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Is(in PieceKey key) => units == key.Units && length == key.Length;
    }
}
