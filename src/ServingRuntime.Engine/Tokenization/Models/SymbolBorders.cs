using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>
/// Between which neighbours a merge can ever happen: the pairs (last symbol of a left side, first symbol of a right side). Between any others a row of symbols can be cut
/// without changing what it becomes, so the words of a text that no pre-tokenizer splits are found again. Pairs are hashed to a bitmap: a collision costs a cut, nothing else.
/// </summary>
internal sealed class SymbolBorders
{
    private const int IndexBits = 20;
    private readonly ulong[] crossed = new ulong[1 << (IndexBits - 6)];

    public void Add(int left, int right)
    {
        var place = Place(left, right);
        crossed[place >> 6] |= 1UL << (int)(place & 63);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MayCross(int left, int right)
    {
        var place = Place(left, right);
        return ((crossed[place >> 6] >> (int)(place & 63)) & 1) != 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Place(int left, int right) => (((uint)left * 0x9E3779B1u) ^ ((uint)right * 0x85EBCA77u)) >> (32 - IndexBits);
}
