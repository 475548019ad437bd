using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>One tensor of a safetensors file. <see cref="Begin"/> and <see cref="End"/> are bytes from the end of the header.</summary>
internal sealed record SafetensorsEntry(string Name, string DType, IReadOnlyList<int> Shape, long Begin, long End);

/// <summary>
/// The table at a safetensors file's front (format: huggingface/safetensors README). Nothing in it is believed: sizes are computed in checked
/// arithmetic, ranges must lie inside the file and cover its data without holes or overlaps.
/// </summary>
internal static class SafetensorsHeader
{
    public const long MaxBytes = 100_000_000;
    private const int MaxRank = 8;

    /// <summary>Bytes of the header, from the file's first eight bytes.</summary>
    public static long Length(ReadOnlySpan<byte> front, long fileLength)
    {
        if (front.Length < 8)
        {
            throw new CheckpointException($"a file of {fileLength} bytes is too short for a safetensors header");
        }

        var length = BitConverter.ToUInt64(front);
        return length is < 2 or > MaxBytes || (long)length > fileLength - 8
            ? throw new CheckpointException($"a safetensors header of {length} bytes does not fit (file: {fileLength} bytes, limit: {MaxBytes})")
            : (long)length;
    }

    /// <param name="json">The header's text.</param>
    /// <param name="dataLength">Bytes after the header.</param>
    public static IReadOnlyList<SafetensorsEntry> Parse(ReadOnlyMemory<byte> json, long dataLength)
    {
        var entries = new List<SafetensorsEntry>();
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new CheckpointException("the safetensors header is no JSON object");
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!property.NameEquals("__metadata__"))
                {
                    entries.Add(ParseEntry(property.Name, property.Value, dataLength));
                }
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new CheckpointException($"the safetensors header is malformed: {exception.Message}", exception);
        }

        CheckCoverage(entries, dataLength);
        return entries;
    }

    private static SafetensorsEntry ParseEntry(string name, JsonElement value, long dataLength)
    {
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || !value.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2)
        {
            throw new CheckpointException($"tensor {name}: dtype, shape and data_offsets are needed");
        }

        var dimensions = shape.EnumerateArray().Select(dimension => Number(name, "shape", dimension)).ToList();
        if (dimensions.Count > MaxRank || dimensions.Any(dimension => dimension > int.MaxValue))
        {
            throw new CheckpointException($"tensor {name}: shape [{string.Join(", ", dimensions)}] is too large");
        }

        long begin = Number(name, "data_offsets", offsets[0]), end = Number(name, "data_offsets", offsets[1]);
        if (begin > end || end > dataLength)
        {
            throw new CheckpointException($"tensor {name}: bytes {begin}..{end} are outside of the file's {dataLength} bytes of data");
        }

        var size = ElementSize(name, dtype.GetString()!);
        try
        {
            var bytes = dimensions.Aggregate(size, (product, dimension) => checked(product * dimension));
            if (bytes != end - begin)
            {
                throw new CheckpointException($"tensor {name}: shape [{string.Join(", ", dimensions)}] of {dtype.GetString()} takes {bytes} bytes, not {end - begin}");
            }
        }
        catch (OverflowException exception)
        {
            throw new CheckpointException($"tensor {name}: shape [{string.Join(", ", dimensions)}] overflows", exception);
        }

        return new SafetensorsEntry(name, dtype.GetString()!, dimensions.ConvertAll(dimension => (int)dimension), begin, end);
    }

    private static long Number(string tensor, string field, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0
            ? number
            : throw new CheckpointException($"tensor {tensor}: {field} holds {value.GetRawText()}, no whole number of at least 0");

    private static long ElementSize(string tensor, string dtype) => dtype switch
    {
        "BOOL" or "U8" or "I8" or "F8_E4M3" or "F8_E5M2" or "F8_E8M0" => 1,
        "I16" or "U16" or "F16" or "BF16" => 2,
        "I32" or "U32" or "F32" => 4,
        "I64" or "U64" or "F64" => 8,
        _ => throw new CheckpointException($"tensor {tensor}: unknown dtype {dtype}"),
    };

    private static void CheckCoverage(List<SafetensorsEntry> entries, long dataLength)
    {
        long end = 0;
        foreach (var entry in entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != end)
            {
                throw new CheckpointException($"tensor {entry.Name}: begins at byte {entry.Begin}, but the data before it ends at {end}: {(entry.Begin < end ? "overlap" : "hole")}");
            }

            end = entry.End;
        }

        if (end != dataLength)
        {
            throw new CheckpointException($"the safetensors file holds {dataLength} bytes of data, but its tensors end at {end}");
        }
    }
}
