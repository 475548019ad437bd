using System.Runtime.InteropServices;

namespace Octavo.EngineBench.Checkpoints;

/// <summary>Rows of weights as files hold them.</summary>
internal static class WeightFormats
{
    private const int Block = 32;

    public static WeightFormat Float32 { get; } = new("F32", 0, 4, 1, (row, bytes) => MemoryMarshal.AsBytes(row).CopyTo(bytes));

    public static WeightFormat Float16 { get; } = new("F16", 1, 2, 1, (row, bytes) =>
    {
        var halves = MemoryMarshal.Cast<byte, Half>(bytes);
        for (var i = 0; i < row.Length; i++)
        {
            halves[i] = (Half)row[i];
        }
    });

    public static WeightFormat BFloat16 { get; } = new("BF16", 30, 2, 1, (row, bytes) =>
    {
        var words = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (var i = 0; i < row.Length; i++)
        {
            words[i] = RandomWeights.BFloat16(row[i]);
        }
    });

    /// <summary>ggml's blocks of 32: a float16 scale, then 4 bit numbers less 8, elements i and i + 16 in one byte.</summary>
    public static WeightFormat Q40 { get; } = new("Q4_0", 2, 18, Block, (row, bytes) =>
    {
        for (int at = 0, to = 0; at < row.Length; at += Block, to += 18)
        {
            var block = row.Slice(at, Block);
            var extreme = Extreme(block);
            var scale = extreme / -8;
            var inverse = scale == 0 ? 0 : 1 / scale;
            MemoryMarshal.Write(bytes[to..], (Half)scale);
            for (var i = 0; i < 16; i++)
            {
                bytes[to + 2 + i] = (byte)(Nibble(block[i] * inverse) | (Nibble(block[i + 16] * inverse) << 4));
            }
        }
    });

    /// <summary>ggml's blocks of 32: a float16 scale, then signed bytes.</summary>
    public static WeightFormat Q80 { get; } = new("Q8_0", 8, 34, Block, (row, bytes) =>
    {
        for (int at = 0, to = 0; at < row.Length; at += Block, to += 34)
        {
            var block = row.Slice(at, Block);
            var scale = MathF.Abs(Extreme(block)) / 127;
            var inverse = scale == 0 ? 0 : 1 / scale;
            MemoryMarshal.Write(bytes[to..], (Half)scale);
            for (var i = 0; i < Block; i++)
            {
                bytes[to + 2 + i] = (byte)(sbyte)MathF.Round(block[i] * inverse);
            }
        }
    });

    /// <summary>All rows of a tensor.</summary>
    public static void Write(RandomWeights weights, CheckpointTensor tensor, WeightFormat format, Stream stream)
    {
        var row = new float[tensor.Columns];
        var bytes = new byte[format.Bytes(tensor.Columns)];
        for (var r = 0; r < tensor.Rows; r++)
        {
            weights.Row(tensor, r, row);
            format.Encode(row, bytes);
            stream.Write(bytes);
        }
    }

    private static int Nibble(float value) => Math.Clamp((int)(value + 8.5f), 0, 15);

    private static float Extreme(ReadOnlySpan<float> block)
    {
        var extreme = 0f;
        foreach (var value in block)
        {
            extreme = MathF.Abs(value) > MathF.Abs(extreme) ? value : extreme;
        }

        return extreme;
    }
}

/// <param name="Name">As safetensors and ggml call it.</param>
/// <param name="GgmlType">ggml's number of it.</param>
/// <param name="BlockBytes">Of <paramref name="BlockElements"/> elements of a row.</param>
/// <param name="Encode">A row's numbers into its bytes.</param>
internal sealed record WeightFormat(string Name, uint GgmlType, int BlockBytes, int BlockElements, RowEncoder Encode)
{
    public long Bytes(long elements) => elements / BlockElements * BlockBytes;
}

internal delegate void RowEncoder(ReadOnlySpan<float> row, Span<byte> bytes);
