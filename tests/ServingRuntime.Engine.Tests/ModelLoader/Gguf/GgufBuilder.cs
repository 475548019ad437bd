using System.Text;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;

/// <summary>Writes GGUF files, right ones and, by its fields, wrong ones.</summary>
internal sealed class GgufBuilder
{
    private readonly List<(string Key, Action<BinaryWriter> Write)> metadata = [];
    private readonly List<(string Name, uint Type, ulong[] Dimensions, byte[] Data, ulong? Offset)> tensors = [];

    public uint Version { get; init; } = 3;

    public ulong? TensorCount { get; init; }

    public ulong? KeyCount { get; init; }

    public int Alignment { get; init; } = 32;

    public GgufBuilder Text(string key, string value) => Value(key, writer => Typed(writer, 8, () => String(writer, value)));

    public GgufBuilder Integer(string key, uint value) => Value(key, writer => Typed(writer, 4, () => writer.Write(value)));

    public GgufBuilder Number(string key, float value) => Value(key, writer => Typed(writer, 6, () => writer.Write(value)));

    public GgufBuilder Flag(string key, bool value) => Value(key, writer => Typed(writer, 7, () => writer.Write(value)));

    public GgufBuilder Texts(string key, IReadOnlyCollection<string> values) => Value(key, writer => Array(writer, 8, values, text => String(writer, text)));

    public GgufBuilder Numbers(string key, IReadOnlyCollection<float> values) => Value(key, writer => Array(writer, 6, values, writer.Write));

    public GgufBuilder Integers(string key, IReadOnlyCollection<int> values) => Value(key, writer => Array(writer, 5, values, writer.Write));

    /// <summary>A type and whatever bytes.</summary>
    public GgufBuilder Raw(string key, uint type, params byte[] bytes) => Value(key, writer => Typed(writer, type, () => writer.Write(bytes)));

    /// <param name="dimensions">Innermost first, as the format has them.</param>
    /// <param name="offset">Null: behind the tensor before.</param>
    public GgufBuilder Tensor(string name, uint type, ulong[] dimensions, byte[] data, ulong? offset = null)
    {
        tensors.Add((name, type, dimensions, data, offset));
        return this;
    }

    public GgufBuilder Floats(string name, ulong[] dimensions, params float[] values) =>
        Tensor(name, 0, dimensions, [.. values.SelectMany(BitConverter.GetBytes)]);

    public byte[] Build()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(TensorCount ?? (ulong)tensors.Count);
        writer.Write(KeyCount ?? (ulong)metadata.Count);
        foreach (var (key, write) in metadata)
        {
            String(writer, key);
            write(writer);
        }

        ulong next = 0;
        var data = new MemoryStream();
        foreach (var (name, type, dimensions, bytes, offset) in tensors)
        {
            String(writer, name);
            writer.Write((uint)dimensions.Length);
            foreach (var dimension in dimensions)
            {
                writer.Write(dimension);
            }

            writer.Write(type);
            writer.Write(offset ?? next);
            data.Write(bytes);
            Pad(data);
            next = (ulong)data.Length;
        }

        Pad(stream);
        data.WriteTo(stream);
        return stream.ToArray();
    }

    public string Write(string folder, string name = "model.gguf")
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, Build());
        return path;
    }

    private GgufBuilder Value(string key, Action<BinaryWriter> write)
    {
        metadata.Add((key, write));
        return this;
    }

    private static void Typed(BinaryWriter writer, uint type, Action write)
    {
        writer.Write(type);
        write();
    }

    private static void Array<T>(BinaryWriter writer, uint type, IReadOnlyCollection<T> values, Action<T> write)
    {
        writer.Write(9u);
        writer.Write(type);
        writer.Write((ulong)values.Count);
        foreach (var value in values)
        {
            write(value);
        }
    }

    private static void String(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private void Pad(Stream stream)
    {
        while (stream.Length % Alignment != 0)
        {
            stream.WriteByte(0);
        }
    }
}
