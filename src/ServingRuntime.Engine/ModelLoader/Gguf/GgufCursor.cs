using System.Buffers.Binary;
using System.Text;

namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>Reads a mapped file from front to back. What would lie past its end is an error that says where and what; nothing is allocated by a length that was not checked.</summary>
internal sealed class GgufCursor(MappedMemory memory, long position = 0)
{
    public long Position { get; private set; } = position;

    public long Remaining => memory.Bytes - Position;

    /// <exception cref="CheckpointException">The file is shorter.</exception>
    public ReadOnlySpan<byte> Take(ulong count, string what)
    {
        var start = Position;
        Skip(count, what);
        return count <= int.MaxValue ? memory.Span(start, (int)count) : throw new CheckpointException($"{what} at byte {start} of {count} bytes is too large");
    }

    public void Skip(ulong count, string what)
    {
        if (count > (ulong)Remaining)
        {
            throw new CheckpointException($"{what} at byte {Position} takes {count} bytes, of which {Remaining} are there");
        }

        Position += (long)count;
    }

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

    /// <summary>A length and so many bytes of UTF-8; bytes that are none become U+FFFD.</summary>
    public string String(string what, ulong longest)
    {
        var length = UInt64(what);
        return length <= longest ? Encoding.UTF8.GetString(Take(length, what)) : throw new CheckpointException($"{what} at byte {Position} has {length} bytes, more than {longest}");
    }
}
