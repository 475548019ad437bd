namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>
/// All tokens as one tree of bytes, laid out depth first in flat arrays: the child of a node is the next one, the sibling is where its subtree ends, and the tokens
/// of a subtree are one run. Node 0 is the root. Immutable.
/// </summary>
internal sealed class VocabularyTrie
{
    private readonly byte[] value;
    private readonly ushort[] depth;
    private readonly int[] end;
    private readonly int[] firstToken;
    private readonly int[] tokens;
    private readonly ulong[] below;
    private readonly ushort[] height;

    public VocabularyTrie(TokenVocabulary vocabulary)
    {
        var ids = Enumerable.Range(0, vocabulary.Size).Where(id => vocabulary.BytesOf(id).Length is > 0 and < ushort.MaxValue).ToArray();
        Array.Sort(ids, (a, b) => vocabulary.BytesOf(a).SequenceCompareTo(vocabulary.BytesOf(b)) is var order and not 0 ? order : a - b);
        tokens = ids;
        var nodes = new List<(byte Value, ushort Depth, int FirstToken)> { (0, 0, 0) };
        var previous = ReadOnlySpan<byte>.Empty;
        for (var i = 0; i < ids.Length; i++)
        {
            var bytes = vocabulary.BytesOf(ids[i]);
            for (var at = previous.CommonPrefixLength(bytes); at < bytes.Length; at++)
            {
                nodes.Add((bytes[at], (ushort)(at + 1), i));
            }

            previous = bytes;
        }

        var count = nodes.Count;
        value = new byte[count];
        depth = new ushort[count];
        end = new int[count];
        firstToken = new int[count + 1];
        below = new ulong[count];
        height = new ushort[count];
        for (var i = 0; i < count; i++)
        {
            (value[i], depth[i], firstToken[i]) = nodes[i];
        }

        firstToken[count] = ids.Length;
        var open = new Stack<int>();
        for (var i = 0; i <= count; i++)
        {
            while (open.TryPeek(out var top) && (i == count || depth[top] >= depth[i]))
            {
                open.Pop();
                end[top] = i;
                if (open.TryPeek(out var parent))
                {
                    below[parent] |= below[top] | ByteGroups.BitOf(value[top]);
                    height[parent] = Math.Max(height[parent], (ushort)(height[top] + 1));
                }
            }

            open.Push(i);
        }

        for (var i = 0; i < count; i++)
        {
            if ((below[i] & ByteGroups.BeyondAscii) != 0 && IsWellFormedBelow(i))
            {
                below[i] = (below[i] & ~ByteGroups.BeyondAscii) | ByteGroups.WellFormed;
            }
        }
    }

    public int NodeCount => value.Length;

    /// <summary>Bytes of the longest token.</summary>
    public int MaxDepth => height[0];

    public byte Value(int node) => value[node];

    public int Depth(int node) => depth[node];

    /// <summary>One more than the last node of the subtree.</summary>
    public int End(int node) => end[node];

    /// <summary>Bytes that occur below a node, as <see cref="ByteGroups"/>; <see cref="ByteGroups.WellFormed"/> instead of those beyond ASCII where they are.</summary>
    public ulong GroupsBelow(int node) => below[node];

    /// <summary>Bytes of the longest way down from a node.</summary>
    public int Height(int node) => height[node];

    /// <summary>Tokens that end exactly here.</summary>
    public ReadOnlySpan<int> TokensAt(int node) => tokens.AsSpan(firstToken[node]..firstToken[Math.Min(node + 1, value.Length)]);

    /// <summary>Tokens that end here or below.</summary>
    public ReadOnlySpan<int> TokensWithin(int node) => tokens.AsSpan(firstToken[node]..firstToken[end[node]]);

    /// <summary>Whether all texts below a node, read from there, are UTF-8 (perhaps broken off). Nodes inside a character are not; they are never asked about.</summary>
    private bool IsWellFormedBelow(int node)
    {
        // By depth: the bytes of the present character that are still due, and the range of the next one.
        var due = new (int Count, byte Low, byte High)[height[node] + 1];
        for (var at = node + 1; at < end[node]; at++)
        {
            var level = depth[at] - depth[node];
            var (count, low, high) = due[level - 1];
            var next = count > 0
                ? value[at] >= low && value[at] <= high ? (count - 1, (byte)0x80, (byte)0xBF) : (-1, (byte)0, (byte)0)
                : value[at] switch
                {
                    < 0x80 => (0, (byte)0, (byte)0),
                    >= 0xC2 and <= 0xDF => (1, (byte)0x80, (byte)0xBF),
                    0xE0 => (2, (byte)0xA0, (byte)0xBF),
                    0xED => (2, (byte)0x80, (byte)0x9F),
                    >= 0xE1 and <= 0xEF => (2, (byte)0x80, (byte)0xBF),
                    0xF0 => (3, (byte)0x90, (byte)0xBF),
                    >= 0xF1 and <= 0xF3 => (3, (byte)0x80, (byte)0xBF),
                    0xF4 => (3, (byte)0x80, (byte)0x8F),
                    _ => (-1, (byte)0, (byte)0),
                };
            if (next.Item1 < 0)
            {
                return false;
            }

            due[level] = next;
        }

        return true;
    }
}
