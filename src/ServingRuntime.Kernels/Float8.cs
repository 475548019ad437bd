namespace Octavo.ServingRuntime.Kernels;

/// <summary>Eight-bit floating-point numbers (arXiv 2209.05433); every value is exact in float32.</summary>
public static class Float8
{
    /// <summary>4 bits of exponent, 3 of mantissa; 0x7F and 0xFF are NaN, there is no infinity.</summary>
    public static float FromE4M3(byte value)
    {
        int exponent = (value >> 3) & 15, mantissa = value & 7;
        var magnitude = (value & 0x7F) == 0x7F ? float.NaN
            : exponent == 0 ? mantissa * (1f / 512)
            : BitConverter.Int32BitsToSingle(((exponent + 120) << 23) | (mantissa << 20));
        return value >= 0x80 ? -magnitude : magnitude;
    }

    /// <summary>The nearest, ties to even; what is larger than 448 becomes 448, infinities too. NaN stays NaN.</summary>
    public static byte ToE4M3(float value)
    {
        var sign = (byte)(BitConverter.SingleToUInt32Bits(value) >> 31 << 7);
        var magnitude = Math.Abs(value);
        if (float.IsNaN(value))
        {
            return (byte)(sign | 0x7F);
        }

        // Below the smallest normal number, 2^-6, steps are of 2^-9: adding 1.5 * 2^23 rounds a number to whole ones.
        if (magnitude < 1f / 64)
        {
            return (byte)(sign | (BitConverter.SingleToInt32Bits((magnitude * 512) + 12582912f) & 0xFF));
        }

        var bits = BitConverter.SingleToUInt32Bits(Math.Min(magnitude, 448f));
        return (byte)(sign | (((bits + 0x7FFFF + ((bits >> 20) & 1)) >> 20) - (120 << 3)));
    }

    /// <summary>5 bits of exponent, 2 of mantissa: the upper half of a float16.</summary>
    public static float FromE5M2(byte value) => (float)BitConverter.UInt16BitsToHalf((ushort)(value << 8));
}
