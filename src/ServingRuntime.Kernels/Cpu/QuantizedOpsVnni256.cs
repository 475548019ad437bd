using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>AVX-VNNI: four products of bytes in one instruction.</summary>
internal readonly unsafe struct QuantizedOpsVnni256 : IQuantizedOps<Vector256<int>, Vector256<float>>
{
    public static Vector256<int> ZeroInt => Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> BroadcastInt(int value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadValues(byte* source) => Vector256.Load((int*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadBytesInt(byte* source) => Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte()).ToVector256Unsafe()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LowNibbles(Vector256<int> bytes) => bytes & Vector256.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HighNibbles(Vector256<int> bytes) => (bytes >>> 4) & Vector256.Create(0x0F0F0F0F);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotNibbles(Vector256<int> sum, Vector256<int> low, int lowInputs, Vector256<int> high, int highInputs) =>
        DotBytes(DotBytes(sum, low, lowInputs), high, highInputs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotBytes(Vector256<int> sum, Vector256<int> bytes, int inputs) =>
        AvxVnni.MultiplyWideningAndAdd(sum, bytes.AsByte(), Vector256.Create(inputs).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(Vector256<int> left, Vector256<int> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ShiftRight(Vector256<int> value, int bits) => value >>> bits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> And(Vector256<int> left, Vector256<int> right) => left & right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloat(Vector256<int> value) => Vector256.ConvertToSingle(value);

    // A float16's bits, moved to a float32's places, are the number times 2^-112; so are subnormal ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalves(ushort* source)
    {
        var bits = Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()).AsInt32();
        var magnitude = ((bits & Vector256.Create(0x7FFF)) << 13).AsSingle() * Vector256.Create(5.192297E+33f);
        return (magnitude.AsInt32() | ((bits & Vector256.Create(0x8000)) << 16)).AsSingle();
    }
}
