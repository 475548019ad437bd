using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>float32 numbers as a checkpoint stores them, rounded to nearest even.</summary>
internal static class StoredFloats
{
    /// <summary>safetensors' name of an element type.</summary>
    public static string Name(DType dtype) => dtype switch
    {
        DType.Float32 => "F32",
        DType.BFloat16 => "BF16",
        DType.Float16 => "F16",
        DType.Int32 => "I32",
        DType.Float8E4M3 => "F8_E4M3",
        DType.Float8E5M2 => "F8_E5M2",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "unknown element type"),
    };

    /// <summary>The number that is read back after it was stored.</summary>
    public static float Round(float value, DType dtype) => dtype switch
    {
        DType.Float32 => value,
        DType.Float16 => (float)(Half)value,
        DType.BFloat16 => BitConverter.Int32BitsToSingle(ToBFloat16(value) << 16),
        _ => throw new NotSupportedException($"{dtype} is not written"),
    };

    public static byte[] Encode(ReadOnlySpan<float> values, DType dtype)
    {
        var bytes = new byte[checked(values.Length * dtype.Size())];
        switch (dtype)
        {
            case DType.Float32:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
            case DType.Float16:
                System.Numerics.Tensors.TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes.AsSpan()));
                break;
            case DType.BFloat16:
                ToBFloat16(values, MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan()));
                break;
            default:
                throw new NotSupportedException($"{dtype} is not written");
        }

        return bytes;
    }

    public static void ToBFloat16(ReadOnlySpan<float> values, Span<ushort> words)
    {
        for (var i = 0; i < values.Length; i++)
        {
            words[i] = (ushort)ToBFloat16(values[i]);
        }
    }

    private static int ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? 0x7fc0 : (int)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
