using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Buffers;

/// <summary>The pieces of a text: ranges of its buffer, in order, none of them empty.</summary>
internal sealed class PieceList
{
    private long[] pieces = new long[64];
    private long[] next = new long[64];
    private int nextCount;
    private bool textAtStart;

    public TextBuffer Text { get; } = new();

    public int Count { get; private set; }

    public int Capacity => Math.Max(pieces.Length, next.Length);

    public int Start(int index) => (int)(pieces[index] >> 32);

    public int End(int index) => (int)pieces[index];

    public ReadOnlySpan<char> this[int index] => Text.Text[Start(index)..End(index)];

    /// <summary>Whether a piece is the beginning of the whole input.</summary>
    public bool AtStart(int index) => textAtStart && Start(index) == 0;

    /// <summary>Makes the whole text one piece.</summary>
    /// <param name="atStart">Whether the text is the beginning of the input.</param>
    public void Reset(bool atStart)
    {
        textAtStart = atStart;
        Count = nextCount = 0;
        Add(0, Text.Length);
        Commit();
    }

    /// <summary>Adds a piece to the new list; an empty one is left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int start, int end)
    {
        if (end <= start)
        {
            return;
        }

        if (nextCount == next.Length)
        {
            Array.Resize(ref next, nextCount * 2);
        }

        next[nextCount++] = ((long)start << 32) | (uint)end;
    }

    /// <summary>The new list takes the place of the old one.</summary>
    public void Commit()
    {
        (pieces, next) = (next, pieces);
        (Count, nextCount) = (nextCount, 0);
    }
}
