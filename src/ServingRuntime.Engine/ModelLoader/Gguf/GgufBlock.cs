using System.Buffers.Binary;

namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>
/// Takes one block apart (layouts: ggml-quants.h). Every form becomes whole numbers from 0 with a scale and an offset a group: weight = value · scale - offset. Both products are exact in
/// float32 and so is the offset, so the weight is what ggml computes, bit for bit but for the sign of
/// zeros (with the forms of a minimum: after the one rounding that ggml makes, too).
/// </summary>
internal static class GgufBlock
{
    /// <summary>The sixteen levels of IQ4_NL and IQ4_XS, plus 127.</summary>
    private static ReadOnlySpan<byte> Levels => [0, 23, 44, 62, 78, 92, 105, 117, 128, 140, 152, 165, 180, 196, 216, 240];

    /// <param name="type">Of a form that has bits.</param>
    /// <param name="block">As stored.</param>
    /// <param name="values">As many as the block has.</param>
    /// <param name="scales">One a group.</param>
    /// <param name="offsets">One a group.</param>
    public static void Unpack(GgufTensorType type, ReadOnlySpan<byte> block, Span<byte> values, Span<float> scales, Span<float> offsets)
    {
        switch (type)
        {
            case GgufTensorType.Q4_0:
                scales[0] = Half(block);
                offsets[0] = 8 * scales[0];
                Nibbles(block[2..], values);
                break;
            case GgufTensorType.Q4_1:
                (scales[0], offsets[0]) = (Half(block), -Half(block[2..]));
                Nibbles(block[4..], values);
                break;
            case GgufTensorType.Q5_0:
                scales[0] = Half(block);
                offsets[0] = 16 * scales[0];
                Nibbles(block[6..], values);
                AddFifthBits(BinaryPrimitives.ReadUInt32LittleEndian(block[2..]), values);
                break;
            case GgufTensorType.Q5_1:
                (scales[0], offsets[0]) = (Half(block), -Half(block[2..]));
                Nibbles(block[8..], values);
                AddFifthBits(BinaryPrimitives.ReadUInt32LittleEndian(block[4..]), values);
                break;
            case GgufTensorType.Q8_0:
                scales[0] = Half(block);
                offsets[0] = 128 * scales[0];
                for (var i = 0; i < 32; i++)
                {
                    values[i] = (byte)(block[2 + i] ^ 0x80);
                }

                break;
            case GgufTensorType.Q2_K:
                UnpackQ2K(block, values, scales, offsets);
                break;
            case GgufTensorType.Q3_K:
                UnpackQ3K(block, values, scales, offsets);
                break;
            case GgufTensorType.Q4_K:
                ScalesAndMinima(block, scales, offsets);
                for (var chunk = 0; chunk < 4; chunk++)
                {
                    Nibbles(block.Slice(16 + (chunk * 32), 32), values[(chunk * 64)..]);
                }

                break;
            case GgufTensorType.Q5_K:
                UnpackQ5K(block, values, scales, offsets);
                break;
            case GgufTensorType.Q6_K:
                UnpackQ6K(block, values, scales, offsets);
                break;
            case GgufTensorType.IQ4_NL:
                scales[0] = Half(block);
                offsets[0] = 127 * scales[0];
                Nibbles(block[2..], values);
                ToLevels(values[..32]);
                break;
            case GgufTensorType.IQ4_XS:
                UnpackIQ4XS(block, values, scales, offsets);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "has no blocks that are read");
        }
    }

    private static void UnpackQ2K(ReadOnlySpan<byte> block, Span<byte> values, Span<float> scales, Span<float> offsets)
    {
        float scale = Half(block[80..]), minimum = Half(block[82..]);
        for (var group = 0; group < 16; group++)
        {
            scales[group] = scale * (block[group] & 15);
            offsets[group] = minimum * (block[group] >> 4);
        }

        Pairs(block.Slice(16, 64), values);
    }

    private static void UnpackQ3K(ReadOnlySpan<byte> block, Span<byte> values, Span<float> scales, Span<float> offsets)
    {
        Pairs(block.Slice(32, 64), values);
        for (var i = 0; i < 256; i++)
        {
            values[i] |= (byte)(((block[i % 32] >> (i / 32)) & 1) << 2);
        }

        var packed = block.Slice(96, 12);
        var scale = Half(block[108..]);
        for (var group = 0; group < 16; group++)
        {
            var low = group < 8 ? packed[group] & 15 : packed[group - 8] >> 4;
            var high = (packed[8 + (group % 4)] >> (2 * (group / 4))) & 3;
            scales[group] = scale * ((low | (high << 4)) - 32);
            offsets[group] = 4 * scales[group];
        }
    }

    private static void UnpackQ5K(ReadOnlySpan<byte> block, Span<byte> values, Span<float> scales, Span<float> offsets)
    {
        ScalesAndMinima(block, scales, offsets);
        var high = block.Slice(16, 32);
        for (var chunk = 0; chunk < 4; chunk++)
        {
            Nibbles(block.Slice(48 + (chunk * 32), 32), values[(chunk * 64)..]);
        }

        for (var i = 0; i < 256; i++)
        {
            values[i] |= (byte)(((high[i % 32] >> (i / 32)) & 1) << 4);
        }
    }

    private static void UnpackQ6K(ReadOnlySpan<byte> block, Span<byte> values, Span<float> scales, Span<float> offsets)
    {
        for (var half = 0; half < 2; half++)
        {
            ReadOnlySpan<byte> low = block.Slice(half * 64, 64), high = block.Slice(128 + (half * 32), 32);
            var to = values.Slice(half * 128, 128);
            for (var i = 0; i < 64; i++)
            {
                to[i] = (byte)((low[i] & 15) | (((high[i % 32] >> (2 * (i / 32))) & 3) << 4));
                to[64 + i] = (byte)((low[i] >> 4) | (((high[i % 32] >> (4 + (2 * (i / 32)))) & 3) << 4));
            }
        }

        var scale = Half(block[208..]);
        for (var group = 0; group < 16; group++)
        {
            scales[group] = scale * (sbyte)block[192 + group];
            offsets[group] = 32 * scales[group];
        }
    }

    private static void UnpackIQ4XS(ReadOnlySpan<byte> block, Span<byte> values, Span<float> scales, Span<float> offsets)
    {
        var scale = Half(block);
        var high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (var group = 0; group < 8; group++)
        {
            var low = (block[4 + (group / 2)] >> (4 * (group % 2))) & 15;
            scales[group] = scale * ((low | (((high >> (2 * group)) & 3) << 4)) - 32);
            offsets[group] = 127 * scales[group];
            Nibbles(block.Slice(8 + (group * 16), 16), values[(group * 32)..]);
        }

        ToLevels(values[..256]);
    }

    /// <summary>Eight scales and minima of six bits each in twelve bytes, of Q4_K and Q5_K.</summary>
    private static void ScalesAndMinima(ReadOnlySpan<byte> block, Span<float> scales, Span<float> offsets)
    {
        float scale = Half(block), minimum = Half(block[2..]);
        var packed = block.Slice(4, 12);
        for (var i = 0; i < 4; i++)
        {
            scales[i] = scale * (packed[i] & 63);
            offsets[i] = minimum * (packed[4 + i] & 63);
            scales[4 + i] = scale * ((packed[8 + i] & 15) | ((packed[i] >> 6) << 4));
            offsets[4 + i] = minimum * ((packed[8 + i] >> 4) | ((packed[4 + i] >> 6) << 4));
        }
    }

    /// <summary>The low halves of all bytes (16, or 32 with the long blocks), then the high ones.</summary>
    private static void Nibbles(ReadOnlySpan<byte> packed, Span<byte> values)
    {
        var count = packed.Length >= 32 ? 32 : 16;
        for (var i = 0; i < count; i++)
        {
            values[i] = (byte)(packed[i] & 15);
            values[count + i] = (byte)(packed[i] >> 4);
        }
    }

    /// <summary>Four values of two bits a byte; those of one place in all of 32 bytes follow one another.</summary>
    private static void Pairs(ReadOnlySpan<byte> packed, Span<byte> values)
    {
        for (var i = 0; i < 256; i++)
        {
            values[i] = (byte)((packed[(i / 128 * 32) + (i % 32)] >> (2 * (i % 128 / 32))) & 3);
        }
    }

    private static void AddFifthBits(uint bits, Span<byte> values)
    {
        for (var i = 0; i < 32; i++)
        {
            values[i] |= (byte)(((bits >> i) & 1) << 4);
        }
    }

    private static void ToLevels(Span<byte> values)
    {
        foreach (ref var value in values)
        {
            value = Levels[value];
        }
    }

    private static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}
