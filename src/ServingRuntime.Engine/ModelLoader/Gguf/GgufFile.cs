namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>
/// A memory-mapped GGUF file, version 2 or 3, little endian (format: ggml's docs/gguf.md), checked when it is opened. Nothing in it is believed: counts and lengths are held
/// against the file's size, sizes are computed in checked arithmetic, tensors must lie inside the file and apart from each other.
/// </summary>
internal sealed class GgufFile : IDisposable
{
    public const string Suffix = ".gguf";
    private const uint Magic = 0x46554747;
    private const int MaxTensors = 262_144;
    private const int MaxRank = 4;
    private const ulong MaxNameBytes = 1024;
    private readonly MappedMemory memory;

    private GgufFile(string path, MappedMemory memory, GgufMetadata metadata, IReadOnlyDictionary<string, GgufTensor> tensors)
    {
        Path = path;
        this.memory = memory;
        Metadata = metadata;
        Tensors = tensors;
    }

    public string Path { get; }

    public GgufMetadata Metadata { get; }

    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <exception cref="CheckpointException">The file is missing or malformed.</exception>
    public static GgufFile Open(string path)
    {
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
            if (stream.Length < 24)
            {
                stream.Dispose();
                throw new CheckpointException("too short for a GGUF header");
            }

            var memory = new MappedMemory(stream);
            try
            {
                return Read(path, memory);
            }
            catch
            {
                memory.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CheckpointException or OverflowException)
        {
            throw new CheckpointException($"{path}: {exception.Message}", exception);
        }
    }

    public void Dispose() => memory.Dispose();

    private static GgufFile Read(string path, MappedMemory memory)
    {
        var cursor = new GgufCursor(memory);
        if (cursor.UInt32("the mark") != Magic)
        {
            throw new CheckpointException("no GGUF file: it does not begin with the letters GGUF");
        }

        var version = cursor.UInt32("the version");
        if (version is not (2 or 3))
        {
            throw new CheckpointException(version != 0 && (version & 0xFFFF) == 0 ? "a big-endian GGUF file; little-endian ones are read" : $"GGUF version {version} is not supported, 2 and 3 are");
        }

        var tensorCount = cursor.UInt64("the number of tensors");
        var keyCount = cursor.UInt64("the number of metadata keys");
        if (tensorCount > MaxTensors)
        {
            throw new CheckpointException($"{tensorCount} tensors are more than {MaxTensors}");
        }

        var metadata = GgufMetadata.Read(path, memory, cursor, keyCount);
        var alignment = metadata.Integer("general.alignment") ?? 32;
        if (alignment is < 8 or > 1 << 20 || (alignment & (alignment - 1)) != 0)
        {
            throw new CheckpointException($"general.alignment: {alignment} is no power of two from 8");
        }

        var infos = new List<GgufTensor>();
        for (ulong i = 0; i < tensorCount; i++)
        {
            infos.Add(ReadTensor(memory, cursor, alignment));
        }

        var dataStart = checked((cursor.Position + alignment - 1) / alignment * alignment);
        var tensors = new Dictionary<string, GgufTensor>(infos.Count, StringComparer.Ordinal);
        foreach (var info in infos)
        {
            var placed = info with { Offset = checked(info.Offset + dataStart) };
            if (placed.Offset > memory.Bytes || placed.Bytes > memory.Bytes - placed.Offset)
            {
                throw new CheckpointException($"tensor {info.Name}: its {placed.Bytes} bytes from byte {placed.Offset} on end after the file's {memory.Bytes}: was it cut short?");
            }

            if (!tensors.TryAdd(placed.Name, placed))
            {
                throw new CheckpointException($"tensor {info.Name} is there twice");
            }
        }

        CheckApart(tensors.Values);
        return new GgufFile(path, memory, metadata, tensors);
    }

    /// <summary>Its offset is from the beginning of the data yet.</summary>
    private static GgufTensor ReadTensor(MappedMemory memory, GgufCursor cursor, long alignment)
    {
        var name = cursor.String("a tensor's name", MaxNameBytes);
        var rank = cursor.UInt32(name);
        if (rank is 0 or > MaxRank)
        {
            throw new CheckpointException($"tensor {name}: has {rank} dimensions, not 1 to {MaxRank}");
        }

        var shape = new int[rank];
        for (var i = 0; i < rank; i++)
        {
            var dimension = cursor.UInt64(name);
            shape[rank - 1 - i] = dimension is > 0 and <= int.MaxValue ? (int)dimension : throw new CheckpointException($"tensor {name}: a dimension of {dimension} is not from 1 to {int.MaxValue}");
        }

        var type = cursor.UInt32(name);
        var format = GgufTensorFormat.Find(type) ?? throw new CheckpointException($"tensor {name}: is of type {type}, which is unknown");
        if (shape[^1] % format.BlockSize != 0)
        {
            throw new CheckpointException($"tensor {name}: rows of {shape[^1]} numbers are no whole blocks of {format.Type}, which have {format.BlockSize}");
        }

        var offset = cursor.UInt64(name);
        if (offset > long.MaxValue / 2 || (long)offset % alignment != 0)
        {
            throw new CheckpointException($"tensor {name}: offset {offset} is no multiple of {alignment}");
        }

        try
        {
            _ = shape.Aggregate((long)format.BlockBytes, (product, dimension) => checked(product * dimension));
        }
        catch (OverflowException exception)
        {
            throw new CheckpointException($"tensor {name}: shape [{string.Join(", ", shape)}] overflows", exception);
        }

        return new GgufTensor(memory, name, format, shape, (long)offset);
    }

    private static void CheckApart(IEnumerable<GgufTensor> tensors)
    {
        GgufTensor? previous = null;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Offset))
        {
            if (previous is not null && tensor.Offset < previous.Offset + previous.Bytes)
            {
                throw new CheckpointException($"tensors {previous.Name} and {tensor.Name} overlap");
            }

            previous = tensor;
        }
    }
}
