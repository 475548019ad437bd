using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Buffers;

/// <summary>A short piece as one vector of UTF-16 units, filled up with zeros, and its hash.</summary>
internal readonly struct PieceKey
{
    public const int MostChars = 16;

    /// <param name="piece">At most <see cref="MostChars"/> characters of a <see cref="TextBuffer"/>: a whole vector is read from where it begins.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PieceKey(ReadOnlySpan<char> piece)
    {
        var units = Vector256.LoadUnsafe(ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(piece)));
        var used = Vector256.LessThan(Vector256<ushort>.Indices, Vector256.Create((ushort)piece.Length));
        Units = (units & used).AsUInt64();
        Length = piece.Length;
        var hash = ((Units.GetElement(0) ^ (ulong)piece.Length) * 0x9E3779B97F4A7C15) + (Units.GetElement(1) * 0xC2B2AE3D27D4EB4F)
            + (Units.GetElement(2) * 0x165667B19E3779F9) + (Units.GetElement(3) * 0xD6E8FEB86659FD93);
        Hash = (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9;
    }

    public Vector256<ulong> Units { get; }

    public int Length { get; }

    public ulong Hash { get; }
}
