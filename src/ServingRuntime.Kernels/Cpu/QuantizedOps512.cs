using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>AVX-512 BW.</summary>
internal readonly unsafe struct QuantizedOps512 : IQuantizedOps<Vector512<int>, Vector512<float>>
{
    public static Vector512<int> ZeroInt => Vector512<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> BroadcastInt(int value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadValues(byte* source) => Vector512.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadBytesInt(byte* source) => Vector512.WidenLower(Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()).ToVector512Unsafe()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LowNibbles(Vector512<int> bytes) => bytes & Vector512.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> HighNibbles(Vector512<int> bytes) => (bytes >>> 4) & Vector512.Create(0x0F0F0F0F);

    // 15 · 127 · 4 is far from what 16 bits hold, so that nothing saturates.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotNibbles(Vector512<int> sum, Vector512<int> low, int lowInputs, Vector512<int> high, int highInputs)
    {
        var pairs = Avx512BW.MultiplyAddAdjacent(low.AsByte(), Vector512.Create(lowInputs).AsSByte()) + Avx512BW.MultiplyAddAdjacent(high.AsByte(), Vector512.Create(highInputs).AsSByte());
        return sum + Avx512BW.MultiplyAddAdjacent(pairs, Vector512.Create((short)1));
    }

    // Bytes up to 255 would saturate; in 16 bits they do not.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> DotBytes(Vector512<int> sum, Vector512<int> bytes, int inputs)
    {
        var x = Vector512.Create(inputs).AsInt16();
        var even = Avx512BW.MultiplyAddAdjacent((bytes & Vector512.Create(0x00FF00FF)).AsInt16(), (x << 8) >> 8);
        return sum + even + Avx512BW.MultiplyAddAdjacent((bytes.AsUInt16() >>> 8).AsInt16(), x >> 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Multiply(Vector512<int> left, Vector512<int> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> ShiftRight(Vector512<int> value, int bits) => value >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> And(Vector512<int> left, Vector512<int> right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToFloat(Vector512<int> value) => Vector512.ConvertToSingle(value);
}
