using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Buffers;

/// <summary>A growing row of token ids with room for a few more behind its end.</summary>
internal sealed class IdBuffer
{
    public const int Slack = 4;
    private int[] ids = new int[256];

    public int Count { get; private set; }

    public int Capacity => ids.Length;

    public ReadOnlySpan<int> Ids => ids.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int id)
    {
        if (Count + Slack >= ids.Length)
        {
            Array.Resize(ref ids, ids.Length * 2);
        }

        ids[Count++] = id;
    }

    public void AddRange(ReadOnlySpan<int> more)
    {
        Reserve(more.Length);
        more.CopyTo(ids.AsSpan(Count));
        Count += more.Length;
    }

    /// <summary>Adds the first <paramref name="count"/> of four ids.</summary>
    public void AddSome(System.Runtime.Intrinsics.Vector128<int> four, int count)
    {
        if (Count + (2 * Slack) >= ids.Length)
        {
            Array.Resize(ref ids, ids.Length * 2);
        }

        System.Runtime.Intrinsics.Vector128.StoreUnsafe(four, ref MemoryMarshal.GetArrayDataReference(ids), (nuint)Count);
        Count += count;
    }

    /// <summary>Takes ids off the end.</summary>
    public void Truncate(int count) => Count = count;

    private void Reserve(int more)
    {
        if (Count + more + Slack >= ids.Length)
        {
            Array.Resize(ref ids, Math.Max(ids.Length * 2, Count + more + (2 * Slack)));
        }
    }
}
