using System.Numerics;
using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>
/// Ranks of pairs of symbols, in one flat table: a slot holds both symbols and the rank in 64 bits, found by hashing and, where that place is taken, in the next ones.
/// </summary>
internal sealed class MergeTable
{
    public const int None = int.MaxValue;
    private const int SymbolBits = 21;
    private const int RankBits = 22;
    public const int MostSymbols = 1 << SymbolBits;
    public const int MostMerges = (1 << RankBits) - 1;
    private const ulong Free = ulong.MaxValue;

    private readonly ulong[] slots;
    private readonly int shift;
    private readonly int[] results;

    /// <param name="merges">Pairs in order of rank, with what each becomes. Of equal pairs the last counts.</param>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Result)> merges)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, merges.Count + (merges.Count / 2)));
        shift = 64 - BitOperations.Log2((uint)size);
        slots = new ulong[size];
        Array.Fill(slots, Free);
        results = new int[merges.Count];
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right, result) = merges[rank];
            results[rank] = result;
            var key = Key(left, right);
            var place = Place(key);
            while (slots[place] != Free && slots[place] >> RankBits != key)
            {
                place = (place + 1) & (size - 1);
            }

            slots[place] = (key << RankBits) | (uint)rank;
        }
    }

    /// <summary>What the pair of this rank becomes.</summary>
    public int Result(int rank) => results[rank];

    /// <summary>The rank of a pair, or <see cref="None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Rank(int left, int right)
    {
        var key = Key(left, right);
        var table = slots;
        var place = Place(key);
        while (true)
        {
            var slot = table[place];
            if (slot >> RankBits == key)
            {
                return (int)(slot & MostMerges);
            }

            if (slot == Free)
            {
                return None;
            }

            place = (place + 1) & (table.Length - 1);
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << SymbolBits) | (uint)right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Place(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> shift);
}
