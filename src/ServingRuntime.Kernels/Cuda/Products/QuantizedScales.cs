using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>
/// Parameters of groups for the kernels (fragments.cuh, Parameters): [tile][group][8][2] for the outputs o and o + 8 of a tile, each a scale and a zero point in float16 where that says exactly the same for all of a matrix, else a scale
/// and an offset in float32.
/// </summary>
internal static class QuantizedScales
{
    /// <summary>Whether every scale is a float16, and every offset a whole number of times (0 to 256) its scale.</summary>
    public static bool FitHalves(IReadOnlyList<QuantizedMatrix> parts, ThreadTeam team)
    {
        var differs = 0;
        foreach (var part in parts)
        {
            team.Run(
                (piece, all) =>
                {
                    var (from, to) = PartRanges.Split(part.Scales.Length, piece, all);
                    if (!FitHalves(part.Scales.AsSpan(from, to - from), part.Offsets.AsSpan(from, to - from)))
                    {
                        Volatile.Write(ref differs, 1);
                    }
                },
                Pieces(team, part.Groups));
        }

        return differs == 0;
    }

    /// <summary>Bytes of the parameters of a group of a tile.</summary>
    public static int Pitch(bool halves) => QuantizedLayout.TileOutputs * (halves ? 4 : 8);

    public static byte[] Pack(QuantizedLayout layout, IReadOnlyList<QuantizedMatrix> parts, bool halves, ThreadTeam team)
    {
        int outputs = parts.Sum(part => part.OutFeatures), tiles = (outputs + QuantizedLayout.TileOutputs - 1) / QuantizedLayout.TileOutputs;
        var packed = new byte[checked(tiles * layout.Groups * Pitch(halves))];
        var first = 0;
        foreach (var part in parts)
        {
            var begin = first;
            team.Run(
                (piece, all) =>
                {
                    var (from, to) = PartRanges.Split(layout.Groups, piece, all);
                    for (var group = from; group < to; group++)
                    {
                        Pack(layout, part, begin, group, halves, packed);
                    }
                },
                Pieces(team, layout.Groups));
            first += part.OutFeatures;
        }

        return packed;
    }

    private static void Pack(QuantizedLayout layout, QuantizedMatrix part, int first, int group, bool halves, byte[] packed)
    {
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(packed.AsSpan());
        var source = layout.SourceGroup(group);
        for (var n = 0; n < part.OutFeatures && source < part.Groups; n++)
        {
            var (tile, place) = Math.DivRem(first + n, QuantizedLayout.TileOutputs);
            var at = (((tile * layout.Groups) + group) * QuantizedLayout.TileOutputs) + (place % 8 * 2) + (place / 8);
            var (scale, offset) = (part.Scales[(source * part.OutFeatures) + n], part.Offsets[(source * part.OutFeatures) + n]);
            if (halves)
            {
                words[at] = BitConverter.HalfToUInt16Bits((Half)scale) | ((uint)BitConverter.HalfToUInt16Bits((Half)Zero(scale, offset)) << 16);
            }
            else
            {
                (words[2 * at], words[(2 * at) + 1]) = (BitConverter.SingleToUInt32Bits(scale), BitConverter.SingleToUInt32Bits(offset));
            }
        }
    }

    private static bool FitHalves(ReadOnlySpan<float> scales, ReadOnlySpan<float> offsets)
    {
        for (var i = 0; i < scales.Length; i++)
        {
            var zero = Zero(scales[i], offsets[i]);
            if ((float)(Half)scales[i] != scales[i] || !(zero is >= 0 and <= 256) || (double)zero * scales[i] != offsets[i])
            {
                return false;
            }
        }

        return true;
    }

    private static int Pieces(ThreadTeam team, int groups) => Math.Min(Math.Max(groups, 1), 4 * team.Size);

    private static float Zero(float scale, float offset) => scale == 0 ? offset : MathF.Round(offset / scale);
}
