using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>
/// Rounds one head of one token to the cache's type and puts it into its slot. Eight-bit types get a scale from the head's largest magnitude, so that no head of a token is
/// clipped by another's range, nothing has to be calibrated, and what is stored depends on the row alone: recomputing it stores the same bytes.
/// </summary>
internal static unsafe class KeyValueWriter
{
    public const int MaxHeadDim = 512;

    // Below it a head counts as zero: its reciprocal would not be finite.
    private const float Smallest = 1e-30f;

    /// <param name="x">HeadDim values.</param>
    /// <param name="block">This head's keys in the block.</param>
    /// <param name="scale">Null where the layout has none.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteKey(in KeyValueLayout layout, float* x, byte* block, int slot, float* scale)
    {
        int size = layout.BlockSize, headDim = layout.HeadDim;
        switch (layout.DType)
        {
            case DType.Float32:
                var floats = (float*)block + slot;
                for (var d = 0; d < headDim; d++, floats += size)
                {
                    *floats = x[d];
                }

                break;
            case DType.BFloat16:
                var pairs = (ushort*)block + (2 * slot);
                for (var d = 0; d < headDim; d++)
                {
                    pairs[((d >> 1) * 2 * size) + (d & 1)] = HostValues.ToBFloat16(x[d]);
                }

                break;
            default:
                var codes = stackalloc byte[MaxHeadDim];
                *scale = Encode(layout.DType, x, headDim, codes);
                var bytes = block + slot;
                for (var d = 0; d < headDim; d++, bytes += size)
                {
                    *bytes = codes[d];
                }

                break;
        }
    }

    /// <inheritdoc cref="WriteKey"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WriteValue(in KeyValueLayout layout, float* x, byte* block, int slot, float* scale)
    {
        int width = layout.ValueWidth, headDim = layout.HeadDim;
        switch (layout.DType)
        {
            case DType.Float32:
                new ReadOnlySpan<float>(x, headDim).CopyTo(new Span<float>((float*)block + (slot * width), headDim));
                break;
            case DType.BFloat16:
                var pairs = (ushort*)block + ((slot >> 1) * 2 * width) + (slot & 1);
                for (var d = 0; d < headDim; d++)
                {
                    pairs[2 * d] = HostValues.ToBFloat16(x[d]);
                }

                break;
            default:
                *scale = Encode(layout.DType, x, headDim, block + (slot * width));
                break;
        }
    }

    /// <returns>The scale: code · scale is the value.</returns>
    public static float Encode(DType dtype, float* x, int count, byte* codes)
    {
        var largest = TensorPrimitives.MaxMagnitude(new ReadOnlySpan<float>(x, count));
        var magnitude = Math.Abs(largest);
        var top = dtype == DType.Int8 ? 127f : 448f;
        if (magnitude < Smallest)
        {
            new Span<byte>(codes, count).Clear();
            return 0f;
        }

        // What is no number or infinite makes the scale so, too, and with it all that attention computes from the token.
        var inverse = top / magnitude;
        if (dtype == DType.Int8)
        {
            for (var i = 0; i < count; i++)
            {
                // Adding 1.5 * 2^23 rounds to a whole number, ties to even, which then lies in the low bits.
                codes[i] = (byte)BitConverter.SingleToInt32Bits((x[i] * inverse) + 12582912f);
            }
        }
        else
        {
            for (var i = 0; i < count; i++)
            {
                codes[i] = Float8.ToE4M3(x[i] * inverse);
            }
        }

        return magnitude / top;
    }
}
