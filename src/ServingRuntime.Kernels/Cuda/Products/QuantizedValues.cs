using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>Numbers of stacked matrices in the order of the kernels' registers (fragments.cuh, PackedTile).</summary>
internal sealed unsafe class QuantizedValues(QuantizedLayout layout, IReadOnlyList<QuantizedMatrix> parts)
{
    private const int LaneBytes = 16, Lanes = 32;
    private readonly int bits = parts[0].Bits;
    private readonly int outputs = parts.Sum(part => part.OutFeatures);

    /// <summary>Of one tile of 16 outputs.</summary>
    public int TileBytes => layout.Quads * (bits / 4) * Lanes * LaneBytes;

    /// <summary>Packs some quads of some tiles. Different quads may be packed at once.</summary>
    /// <param name="to">Where firstTile begins.</param>
    public void Pack(int firstTile, int tiles, Span<byte> to, int quadBegin, int quadEnd)
    {
        Span<ulong> low = stackalloc ulong[QuantizedLayout.Quad], high = stackalloc ulong[QuantizedLayout.Quad];
        var planes = bits / 4;
        for (var quad = quadBegin; quad < quadEnd; quad++)
        {
            var first = quad * QuantizedLayout.Quad;
            for (var tile = 0; tile < tiles; tile++)
            {
                Gather((firstTile + tile) * QuantizedLayout.TileOutputs, first, low, high);
                var words = MemoryMarshal.Cast<byte, uint>(to.Slice(checked((tile * TileBytes) + (quad * planes * Lanes * LaneBytes)), planes * Lanes * LaneBytes));
                for (var plane = 0; plane < planes; plane++)
                {
                    PackQuad(low, high, 4 * plane, words.Slice(plane * Lanes * 4, Lanes * 4));
                }
            }
        }
    }

    /// <summary>Lane 4 r + c has, in word 2 h + m, outputs r and r + 8 of the four inputs from 32 h + 8 c + 4 m on.</summary>
    private static void PackQuad(ReadOnlySpan<ulong> low, ReadOnlySpan<ulong> high, int shift, Span<uint> words)
    {
        const ulong Nibbles = 0x0F0F0F0F0F0F0F0F;
        var interleave = Vector128.Create((byte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
        for (var piece = 0; piece < 16; piece++)
        {
            var (c, j) = (piece / 2 % 4, (piece / 8 * 2) + (piece % 2));
            var k = (piece / 8 * 32) + (c * 8) + (piece % 2 * 4);
            var even = Vector128.Shuffle(Vector128.Create(Both(low, high, k), Both(low, high, k + 2)).AsByte(), interleave).AsUInt16();
            var odd = Vector128.Shuffle(Vector128.Create(Both(low, high, k + 1), Both(low, high, k + 3)).AsByte(), interleave).AsUInt16();
            var first = Vector128.WidenLower(even) | (Vector128.WidenLower(odd) << 16);
            var second = Vector128.WidenUpper(even) | (Vector128.WidenUpper(odd) << 16);
            for (var r = 0; r < 4; r++)
            {
                words[(((4 * r) + c) * 4) + j] = first.GetElement(r);
                words[(((4 * (r + 4)) + c) * 4) + j] = second.GetElement(r);
            }
        }

        ulong Both(ReadOnlySpan<ulong> lower, ReadOnlySpan<ulong> upper, int k) => ((lower[k] >> shift) & Nibbles) | (((upper[k] >> shift) & Nibbles) << 4);
    }

    /// <summary>Bytes of 64 positions, outputs 0 to 7 of a tile and 8 to 15; zero where there are none.</summary>
    private void Gather(int output, int first, Span<ulong> low, Span<ulong> high)
    {
        int part = 0, begin = output;
        while (part < parts.Count && begin >= parts[part].OutFeatures)
        {
            begin -= parts[part++].OutFeatures;
        }

        var whole = part < parts.Count && begin + QuantizedLayout.TileOutputs <= parts[part].OutFeatures;
        for (var i = 0; i < QuantizedLayout.Quad; i++)
        {
            var row = layout.RowAt(first + i);
            if (row < 0)
            {
                (low[i], high[i]) = (0, 0);
            }
            else if (whole)
            {
                var values = parts[part].Values.AsSpan(checked((int)(((long)row * parts[part].OutFeatures) + begin)), QuantizedLayout.TileOutputs);
                (low[i], high[i]) = (MemoryMarshal.Read<ulong>(values), MemoryMarshal.Read<ulong>(values[8..]));
            }
            else
            {
                (low[i], high[i]) = (Across(output, row), Across(output + 8, row));
            }
        }
    }

    /// <summary>Eight outputs that may be of several parts, or past the last.</summary>
    private ulong Across(int output, int row)
    {
        ulong bytes = 0;
        for (var i = 0; i < 8 && output + i < outputs; i++)
        {
            int part = 0, place = output + i;
            while (place >= parts[part].OutFeatures)
            {
                place -= parts[part++].OutFeatures;
            }

            bytes |= (ulong)parts[part].Values[((long)row * parts[part].OutFeatures) + place] << (8 * i);
        }

        return bytes;
    }
}
