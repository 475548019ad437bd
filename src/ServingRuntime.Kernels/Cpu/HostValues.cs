using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Single elements of host tensors as float32.</summary>
internal static unsafe class HostValues
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(in Tensor tensor, long index) => tensor.DType switch
    {
        DType.Float32 => tensor.Pointer<float>()[index],
        DType.BFloat16 => FromBFloat16(tensor.Pointer<ushort>()[index]),
        DType.Float16 => (float)tensor.Pointer<Half>()[index],
        DType.Float8E4M3 => Float8.FromE4M3(tensor.Pointer<byte>()[index]),
        DType.Float8E5M2 => Float8.FromE5M2(tensor.Pointer<byte>()[index]),
        _ => throw new NotSupportedException($"{tensor.DType} is no floating-point type"),
    };

    public static float FromBFloat16(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <summary>Nearest, ties to even; NaN stays NaN.</summary>
    public static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
