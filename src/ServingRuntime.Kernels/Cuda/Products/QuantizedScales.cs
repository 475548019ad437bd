using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>
/// Parameters of groups for the kernels (fragments.cuh, Parameters): [tile][group][8][2] for the outputs o and o + 8 of a tile, each a scale and a zero point in float16 where that says exactly the same for all of a matrix, else a scale
/// and an offset in float32.
/// </summary>
internal static class QuantizedScales
{
    /// <summary>Whether every scale is a float16, and every offset a whole number of times (0 to 256) its scale.</summary>
    public static bool FitHalves(IReadOnlyList<QuantizedMatrix> parts)
    {
        foreach (var part in parts)
        {
            for (var i = 0; i < part.Scales.Length; i++)
            {
                var scale = part.Scales[i];
                var zero = Zero(scale, part.Offsets[i]);
                if ((float)(Half)scale != scale || !(zero is >= 0 and <= 256) || (double)zero * scale != part.Offsets[i])
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Bytes of the parameters of a group of a tile.</summary>
    public static int Pitch(bool halves) => QuantizedLayout.TileOutputs * (halves ? 4 : 8);

    public static byte[] Pack(QuantizedLayout layout, IReadOnlyList<QuantizedMatrix> parts, bool halves)
    {
        int outputs = parts.Sum(part => part.OutFeatures), tiles = (outputs + QuantizedLayout.TileOutputs - 1) / QuantizedLayout.TileOutputs;
        var packed = new byte[checked(tiles * layout.Groups * Pitch(halves))];
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(packed.AsSpan());
        var first = 0;
        foreach (var part in parts)
        {
            for (var group = 0; group < layout.Groups; group++)
            {
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

            first += part.OutFeatures;
        }

        return packed;
    }

    private static float Zero(float scale, float offset) => scale == 0 ? offset : MathF.Round(offset / scale);
}
