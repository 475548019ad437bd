using System.Buffers.Binary;
using System.Text.Json;

namespace Octavo.EngineBench.Checkpoints;

/// <summary>Writes model.safetensors: the header is planned first, then each tensor's bytes follow as they are made.</summary>
internal sealed class SafetensorsWriter
{
    private readonly List<(string Name, string DType, int[] Shape, long Bytes, Action<Stream> Write)> entries = [];

    /// <param name="dtype">The format's name of the element type.</param>
    /// <param name="bytes">That <paramref name="write"/> writes.</param>
    public void Add(string name, string dtype, int[] shape, long bytes, Action<Stream> write) => entries.Add((name, dtype, shape, bytes, write));

    public void WriteTo(string path)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
        var header = Header();
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        var at = stream.Position;
        foreach (var (name, _, _, bytes, write) in entries)
        {
            write(stream);
            at += bytes;
            if (stream.Position != at)
            {
                throw new InvalidOperationException($"{name}: {bytes} bytes were announced, {bytes + stream.Position - at} written");
            }
        }
    }

    /// <summary>Padded with spaces, so that tensors are aligned to 64 bytes.</summary>
    private byte[] Header()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long begin = 0;
            foreach (var (name, dtype, shape, bytes, _) in entries)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", dtype);
                json.WriteStartArray("shape");
                Array.ForEach(shape, json.WriteNumberValue);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(begin += bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while ((buffer.Length + 8) % 64 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }
}
