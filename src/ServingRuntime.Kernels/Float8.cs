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

    /// <summary>5 bits of exponent, 2 of mantissa: the upper half of a float16.</summary>
    public static float FromE5M2(byte value) => (float)BitConverter.UInt16BitsToHalf((ushort)(value << 8));
}
