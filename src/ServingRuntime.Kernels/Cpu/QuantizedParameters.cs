namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>How a quantised weight's zero points are held.</summary>
internal enum ZeroForm
{
    /// <summary>One number for the whole weight.</summary>
    Constant,

    /// <summary>A byte for each group and output.</summary>
    Bytes,

    /// <summary>What is subtracted from value · scale, in float32.</summary>
    Offsets,
}

/// <summary>The form of the scales and zero points of one group in a panel: the smallest that holds all of a weight's exactly.</summary>
/// <param name="HalfScales">Scales are float16, else float32.</param>
/// <param name="Zero">The zero point where there is only one, else 0.</param>
internal readonly record struct QuantizedParameters(bool HalfScales, ZeroForm Form, int Zero)
{
    public int ScaleBytes => QuantizedLinear.PanelWidth * (HalfScales ? 2 : sizeof(float));

    /// <summary>Bytes of a group in a panel.</summary>
    public int Bytes => ScaleBytes + (Form switch { ZeroForm.Constant => 0, ZeroForm.Bytes => QuantizedLinear.PanelWidth, _ => QuantizedLinear.PanelWidth * sizeof(float) });

    public static QuantizedParameters Of(IReadOnlyList<QuantizedMatrix> parts)
    {
        bool half = true, whole = true, constant = true;
        int? only = null;
        foreach (var part in parts)
        {
            for (var i = 0; i < part.Scales.Length && (half || whole); i++)
            {
                var scale = part.Scales[i];
                half = half && float.IsFinite(scale) && (float)(Half)scale == scale;
                if (scale == 0 && part.Offsets[i] == 0)
                {
                    continue;
                }

                whole = whole && TryZeroPoint(scale, part.Offsets[i], out _);
                constant = constant && whole && ZeroPoint(scale, part.Offsets[i]) == (only ??= ZeroPoint(scale, part.Offsets[i]));
            }
        }

        return !whole ? new QuantizedParameters(half, ZeroForm.Offsets, 0)
            : constant ? new QuantizedParameters(half, ZeroForm.Constant, only ?? 0)
            : new QuantizedParameters(half, ZeroForm.Bytes, 0);
    }

    /// <summary>The zero point that an offset is the product of with the scale.</summary>
    public static int ZeroPoint(float scale, float offset) => TryZeroPoint(scale, offset, out var zero) ? zero : 0;

    private static bool TryZeroPoint(float scale, float offset, out int zero)
    {
        var ratio = MathF.Round(offset / scale);
        zero = ratio is >= 0 and <= byte.MaxValue ? (int)ratio : 0;
        return zero * scale == offset;
    }
}
