using System.Buffers.Binary;

namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>
/// The keys and values at a GGUF file's front. Values stay in the mapped file until they are asked for, so that a vocabulary costs nothing to those who do not need it.
/// A value of another type than is asked for is an error that names its key; numbers of all widths count as numbers.
/// </summary>
internal sealed class GgufMetadata
{
    public const int MaxKeys = 65_536;
    private const ulong MaxKeyBytes = 65_535;
    private const ulong MaxTextBytes = 16 << 20;
    private const int MaxNesting = 4;
    private readonly MappedMemory memory;
    private readonly Dictionary<string, Value> values = new(StringComparer.Ordinal);

    private GgufMetadata(MappedMemory memory) => this.memory = memory;

    /// <summary>The file's own name, for messages.</summary>
    public string Path { get; init; } = "";

    public IReadOnlyCollection<string> Keys => values.Keys;

    /// <exception cref="CheckpointException">Malformed.</exception>
    public static GgufMetadata Read(string path, MappedMemory memory, GgufCursor cursor, ulong count)
    {
        if (count > MaxKeys)
        {
            throw new CheckpointException($"{count} metadata keys are more than {MaxKeys}");
        }

        var metadata = new GgufMetadata(memory) { Path = path };
        for (ulong i = 0; i < count; i++)
        {
            var key = cursor.String("a metadata key", MaxKeyBytes);
            var value = ReadValue(cursor, key);
            if (!metadata.values.TryAdd(key, value))
            {
                throw new CheckpointException($"metadata key {key} is there twice");
            }
        }

        return metadata;
    }

    public bool Has(string key) => values.ContainsKey(key);

    /// <summary>Null where absent, as with all that follow.</summary>
    public string? Text(string key) => Find(key, GgufValueType.String) is { } value ? new GgufCursor(memory, value.Offset).String(key, MaxTextBytes) : null;

    public bool? Flag(string key) => Find(key, GgufValueType.Bool) is { } value ? memory.Span(value.Offset, 1)[0] != 0 : null;

    /// <summary>A whole number.</summary>
    public long? Integer(string key) => !values.TryGetValue(key, out var value) ? null
        : IsInteger(value.Type) ? Integer(value.Type, value.Offset, key) : throw Mistyped(key, value.Type, "a whole number");

    /// <summary>Any number.</summary>
    public double? Number(string key) => !values.TryGetValue(key, out var value) ? null
        : IsNumber(value.Type) ? Number(value.Type, value.Offset, key) : throw Mistyped(key, value.Type, "a number");

    public IReadOnlyList<string>? Texts(string key)
    {
        if (Array(key, type => type == GgufValueType.String, "strings") is not { } value)
        {
            return null;
        }

        var cursor = new GgufCursor(memory, value.Offset);
        var texts = new string[value.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = cursor.String(key, MaxTextBytes);
        }

        return texts;
    }

    public IReadOnlyList<double>? Numbers(string key)
    {
        if (Array(key, IsNumber, "numbers") is not { } value)
        {
            return null;
        }

        var size = Size(value.ElementType);
        var numbers = new double[value.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = Number(value.ElementType, value.Offset + ((long)i * size), key);
        }

        return numbers;
    }

    /// <summary>Whether the value is an array.</summary>
    public bool IsArray(string key) => values.TryGetValue(key, out var value) && value.Type == GgufValueType.Array;

    private static Value ReadValue(GgufCursor cursor, string key)
    {
        var type = ReadType(cursor, key);
        if (type != GgufValueType.Array)
        {
            var at = cursor.Position;
            SkipOne(cursor, key, type, 0);
            return new Value(type, type, 1, at);
        }

        var element = ReadType(cursor, key);
        var count = cursor.UInt64(key);
        var begin = cursor.Position;
        SkipMany(cursor, key, element, count, 1);
        // An array of the shortest elements is no longer than the file; as a list it has to fit memory, too.
        return new Value(type, element, (long)count, begin);
    }

    private static GgufValueType ReadType(GgufCursor cursor, string key) =>
        (GgufValueType)cursor.UInt32(key) is >= GgufValueType.UInt8 and <= GgufValueType.Float64 and var type ? type : throw new CheckpointException($"metadata key {key} is of an unknown type");

    private static void SkipOne(GgufCursor cursor, string key, GgufValueType type, int depth)
    {
        switch (type)
        {
            case GgufValueType.String:
                cursor.Skip(cursor.UInt64(key), key);
                break;
            case GgufValueType.Array:
                var element = ReadType(cursor, key);
                SkipMany(cursor, key, element, cursor.UInt64(key), depth + 1);
                break;
            default:
                cursor.Skip((ulong)Size(type), key);
                break;
        }
    }

    private static void SkipMany(GgufCursor cursor, string key, GgufValueType type, ulong count, int depth)
    {
        // Every element takes at least a byte, so that a count cannot keep the loop below going for longer than the file is.
        if (depth > MaxNesting || count > (ulong)cursor.Remaining)
        {
            throw new CheckpointException(depth > MaxNesting ? $"metadata key {key}: arrays are nested deeper than {MaxNesting}" : $"metadata key {key} has {count} elements, which {cursor.Remaining} bytes cannot hold");
        }

        if (type is not (GgufValueType.String or GgufValueType.Array))
        {
            cursor.Skip(checked(count * (ulong)Size(type)), key);
            return;
        }

        for (ulong i = 0; i < count; i++)
        {
            SkipOne(cursor, key, type, depth);
        }
    }

    private Value? Find(string key, GgufValueType type) =>
        !values.TryGetValue(key, out var value) ? null : value.Type == type ? value : throw Mistyped(key, value.Type, type.ToString());

    private Value? Array(string key, Func<GgufValueType, bool> elements, string what) => !values.TryGetValue(key, out var value) ? null
        : value.Type == GgufValueType.Array && elements(value.ElementType) ? value.Count <= System.Array.MaxLength / 16 ? value : throw new CheckpointException($"{Path}: metadata key {key} has {value.Count} elements")
        : throw Mistyped(key, value.Type, $"an array of {what}");

    private CheckpointException Mistyped(string key, GgufValueType type, string wanted) => new($"{Path}: metadata key {key} is of type {type} where {wanted} is needed");

    private long Integer(GgufValueType type, long offset, string key)
    {
        var bytes = memory.Span(offset, Size(type));
        return type switch
        {
            GgufValueType.UInt8 => bytes[0],
            GgufValueType.Int8 => (sbyte)bytes[0],
            GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            GgufValueType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            GgufValueType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            GgufValueType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes) is <= long.MaxValue and var number ? (long)number : throw new CheckpointException($"{Path}: metadata key {key} is out of range"),
        };
    }

    private double Number(GgufValueType type, long offset, string key) => type switch
    {
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(memory.Span(offset, 4)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(memory.Span(offset, 8)),
        _ => Integer(type, offset, key),
    };

    private static bool IsInteger(GgufValueType type) => type is GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.UInt16 or GgufValueType.Int16
        or GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.UInt64 or GgufValueType.Int64;

    private static bool IsNumber(GgufValueType type) => IsInteger(type) || type is GgufValueType.Float32 or GgufValueType.Float64;

    private static int Size(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "has no size of its own"),
    };

    /// <param name="Offset">Of the value, or of an array's first element.</param>
    private sealed record Value(GgufValueType Type, GgufValueType ElementType, long Count, long Offset);
}
