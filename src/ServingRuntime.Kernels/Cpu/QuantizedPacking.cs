using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Brings whole numbers into the panels of <see cref="QuantizedLinear"/>.</summary>
internal static unsafe class QuantizedPacking
{
    // Panels that are packed together, so that a row of values is read in whole cache lines.
    private const int StripPanels = 16;

    /// <summary>Who packs a panel is who multiplies with it, so that it lies in the memory of that node.</summary>
    public static void Pack(QuantizedLinear weight, IReadOnlyList<QuantizedMatrix> matrices, ThreadTeam team)
    {
        var halves = PackedLinear.HasHalves(matrices.Count, matrices[0].OutFeatures, weight.OutFeatures, QuantizedLinear.PanelWidth) ? 2 : 1;
        var count = weight.Panels / halves;
        team.Run(
            (part, parts) =>
            {
                var (begin, end) = PartRanges.Split(count, part, parts);
                for (var first = 0; first < halves * count; first += count)
                {
                    for (var strip = first + begin; strip < first + end; strip += StripPanels)
                    {
                        PackStrip(weight, matrices, strip, Math.Min(strip + StripPanels, first + end));
                    }
                }
            },
            team.PartsOf(count, StripPanels));
    }

    private static void PackStrip(QuantizedLinear weight, IReadOnlyList<QuantizedMatrix> parts, int panelBegin, int panelEnd)
    {
        var first = 0;
        foreach (var part in parts)
        {
            for (var panel = panelBegin; panel < panelEnd; panel++)
            {
                int begin = Math.Max(panel * QuantizedLinear.PanelWidth, first), end = Math.Min((panel + 1) * QuantizedLinear.PanelWidth, first + part.OutFeatures);
                if (begin < end)
                {
                    PackParameters(weight, part, panel, begin % QuantizedLinear.PanelWidth, begin - first, end - begin);
                }
            }

            PackValues(weight, part, first, panelBegin, panelEnd);
            first += part.OutFeatures;
        }
    }

    private static void PackParameters(QuantizedLinear weight, QuantizedMatrix part, int panel, int column, int output, int count)
    {
        var parameters = weight.Parameters;
        for (var group = 0; group < weight.Groups; group++)
        {
            var to = weight.Panel(panel) + (group * parameters.Bytes);
            for (var i = 0; i < count; i++)
            {
                var from = (group / weight.Splits * part.OutFeatures) + output + i;
                float scale = part.Scales[from], offset = part.Offsets[from];
                if (parameters.HalfScales)
                {
                    ((Half*)to)[column + i] = (Half)scale;
                }
                else
                {
                    ((float*)to)[column + i] = scale;
                }

                switch (parameters.Form)
                {
                    case ZeroForm.Bytes:
                        (to + parameters.ScaleBytes)[column + i] = (byte)QuantizedParameters.ZeroPoint(scale, offset);
                        break;
                    case ZeroForm.Offsets:
                        ((float*)(to + parameters.ScaleBytes))[column + i] = offset;
                        break;
                    default:
                        break;
                }
            }
        }
    }

    /// <summary>A part's outputs among some panels, 64 bytes of each panel after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackValues(QuantizedLinear weight, QuantizedMatrix part, int first, int panelBegin, int panelEnd)
    {
        int begin = Math.Max(panelBegin * QuantizedLinear.PanelWidth, first), end = Math.Min(panelEnd * QuantizedLinear.PanelWidth, first + part.OutFeatures);
        if (begin >= end)
        {
            return;
        }

        var inputs = 32 / weight.Bits;
        var rows = stackalloc byte*[inputs];
        var none = stackalloc byte[QuantizedLinear.PanelWidth * StripPanels];
        new Span<byte>(none, QuantizedLinear.PanelWidth * StripPanels).Clear();
        fixed (byte* values = part.Values)
        {
            var step = 0;
            for (var group = 0; group < weight.Groups; group++)
            {
                var (groupBegin, groupEnd) = weight.InputsOf(part, group);
                for (var place = 0; place < weight.BlocksPerGroup * weight.BlockSize; place += inputs, step++)
                {
                    for (var i = 0; i < inputs; i++)
                    {
                        var k = groupBegin + place + i;
                        rows[i] = k < groupEnd ? values + ((long)k * part.OutFeatures) + begin - first : none;
                    }

                    for (var output = begin; output < end;)
                    {
                        var (panel, column) = Math.DivRem(output, QuantizedLinear.PanelWidth);
                        var to = weight.Panel(panel) + weight.HeaderBytes + (step * 64L) + (column * 4);
                        var count = Math.Min(QuantizedLinear.PanelWidth - column, end - output);
                        PackStep(rows, output - begin, count, weight.Bits, to);
                        output += count;
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackStep(byte** rows, int at, int count, int bits, byte* to)
    {
        if (count == QuantizedLinear.PanelWidth && Sse2.IsSupported)
        {
            Vector128<byte> a = Vector128.Load(rows[0] + at), b = Vector128.Load(rows[1] + at), c = Vector128.Load(rows[2] + at), d = Vector128.Load(rows[3] + at);
            if (bits == 4)
            {
                a |= Vector128.Load(rows[4] + at) << 4;
                b |= Vector128.Load(rows[5] + at) << 4;
                c |= Vector128.Load(rows[6] + at) << 4;
                d |= Vector128.Load(rows[7] + at) << 4;
            }

            Vector128<ushort> ab = Sse2.UnpackLow(a, b).AsUInt16(), cd = Sse2.UnpackLow(c, d).AsUInt16();
            Vector128.Store(Sse2.UnpackLow(ab, cd).AsByte(), to);
            Vector128.Store(Sse2.UnpackHigh(ab, cd).AsByte(), to + 16);
            ab = Sse2.UnpackHigh(a, b).AsUInt16();
            cd = Sse2.UnpackHigh(c, d).AsUInt16();
            Vector128.Store(Sse2.UnpackLow(ab, cd).AsByte(), to + 32);
            Vector128.Store(Sse2.UnpackHigh(ab, cd).AsByte(), to + 48);
            return;
        }

        for (var n = 0; n < count; n++)
        {
            var word = 0u;
            for (var j = 0; j < 4; j++)
            {
                uint value = bits == 4 ? (uint)(rows[j][at + n] | (rows[j + 4][at + n] << 4)) : rows[j][at + n];
                word |= value << (8 * j);
            }

            BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(to + (4 * n), 4), word);
        }
    }
}
