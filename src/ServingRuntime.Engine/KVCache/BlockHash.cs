using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// Names a full block and everything before it: SHA-256 over the parent's hash, the number of tokens, the tokens (little-endian) and typed extra
/// keys. A cryptographic hash keeps one tenant from forging another's prefix.
/// </summary>
public readonly record struct BlockHash(ulong A, ulong B, ulong C, ulong D)
{
    private const int HashBytes = 32;
    private const int KeyHeaderBytes = 1 + sizeof(int);
    private const int MaxStackBytes = 1024;

    /// <summary>Hash of a sequence's first block, which alone carries the extra keys: its children inherit them through the chain.</summary>
    /// <param name="keys">In the order of their kinds.</param>
    public static BlockHash First(ReadOnlySpan<int> tokens, ReadOnlySpan<ExtraKey> keys)
    {
        var length = Length(tokens);
        foreach (var key in keys)
        {
            length += KeyHeaderBytes + Encoding.UTF8.GetByteCount(key.Value);
        }

        var buffer = length <= MaxStackBytes ? stackalloc byte[length] : new byte[length];
        buffer[..HashBytes].Clear();
        var rest = Write(buffer[HashBytes..], tokens);
        foreach (var key in keys)
        {
            var bytes = Encoding.UTF8.GetBytes(key.Value, rest[KeyHeaderBytes..]);
            rest[0] = (byte)key.Kind;
            BinaryPrimitives.WriteInt32LittleEndian(rest[1..], bytes);
            rest = rest[(KeyHeaderBytes + bytes)..];
        }

        return Of(buffer);
    }

    /// <summary>Hash of the block after <paramref name="parent"/>.</summary>
    public static BlockHash Next(in BlockHash parent, ReadOnlySpan<int> tokens)
    {
        var length = Length(tokens);
        var buffer = length <= MaxStackBytes ? stackalloc byte[length] : new byte[length];
        MemoryMarshal.Write(buffer, in parent);
        Write(buffer[HashBytes..], tokens);
        return Of(buffer);
    }

    /// <summary>Seeded anew in every process, so that nobody can choose prompts whose blocks collide in the index.</summary>
    public override int GetHashCode() => HashCode.Combine(A, B);

    private static int Length(ReadOnlySpan<int> tokens) => HashBytes + sizeof(int) + (tokens.Length * sizeof(int));

    private static Span<byte> Write(Span<byte> buffer, ReadOnlySpan<int> tokens)
    {
        BinaryPrimitives.WriteInt32LittleEndian(buffer, tokens.Length);
        var rest = buffer[sizeof(int)..];
        foreach (var token in tokens)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, token);
            rest = rest[sizeof(int)..];
        }

        return rest;
    }

    private static BlockHash Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[HashBytes];
        SHA256.HashData(content, hash);
        return MemoryMarshal.Read<BlockHash>(hash);
    }
}
