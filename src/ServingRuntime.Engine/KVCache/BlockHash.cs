using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// Names a full block and everything before it: SHA-256 over the parent's hash, the number of tokens, the tokens (little-endian) and typed extra
/// keys. Types keep a salt from ever colliding with another kind of key; a cryptographic hash keeps one tenant from forging another's prefix.
/// </summary>
public readonly record struct BlockHash(ulong A, ulong B, ulong C, ulong D)
{
    private const int HashBytes = 32;
    private const int MaxStackBytes = 1024;

    private enum ExtraKey : byte
    {
        CacheSalt = 1,
    }

    /// <summary>Hash of a block.</summary>
    /// <param name="parent">The block before it; null for the first, which alone carries the extra keys (its children inherit them through the chain).</param>
    public static BlockHash Of(BlockHash? parent, ReadOnlySpan<int> tokens, string? cacheSalt)
    {
        var saltBytes = parent is null && cacheSalt is not null ? Encoding.UTF8.GetByteCount(cacheSalt) + 5 : 0;
        var length = HashBytes + 4 + (tokens.Length * sizeof(int)) + saltBytes;
        var buffer = length <= MaxStackBytes ? stackalloc byte[length] : new byte[length];
        if (parent is { } before)
        {
            MemoryMarshal.Write(buffer, in before);
        }
        else
        {
            buffer[..HashBytes].Clear();
        }

        BinaryPrimitives.WriteInt32LittleEndian(buffer[HashBytes..], tokens.Length);
        var rest = buffer[(HashBytes + 4)..];
        foreach (var token in tokens)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, token);
            rest = rest[sizeof(int)..];
        }

        if (saltBytes > 0)
        {
            rest[0] = (byte)ExtraKey.CacheSalt;
            BinaryPrimitives.WriteInt32LittleEndian(rest[1..], saltBytes - 5);
            Encoding.UTF8.GetBytes(cacheSalt!, rest[5..]);
        }

        Span<byte> hash = stackalloc byte[HashBytes];
        SHA256.HashData(buffer, hash);
        return MemoryMarshal.Read<BlockHash>(hash);
    }
}
