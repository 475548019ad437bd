using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>AVX2 with FMA.</summary>
internal readonly unsafe struct Lanes256 : ILaneOps<Vector256<float>>
{
    public static int Count => Vector256<float>.Count;

    public static Vector256<float> Zero => Vector256<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, float* destination) => Vector256.Store(value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBFloat16(ushort* source) => (Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFloat16(ushort* source)
    {
        // The exponent's bias differs by 112; a product of a power of two also makes numbers below the smallest normal one right. Infinity and NaN keep their exponent of ones.
        var bits = Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe());
        var magnitude = (bits & Vector256.Create(0x7FFFu)) << 13;
        var finite = (magnitude.AsSingle() * Vector256.Create(5192296858534827628530496329220096f)).AsUInt32();
        var special = Vector256.GreaterThan(magnitude, Vector256.Create(0x0F7FFFFFu)) & Vector256.Create(0x7F800000u);
        return (finite | special | ((bits & Vector256.Create(0x8000u)) << 16)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16Pairs(uint* source, out Vector256<float> low, out Vector256<float> high)
    {
        var pairs = Vector256.Load(source);
        low = (pairs << 16).AsSingle();
        high = (pairs & Vector256.Create(0xFFFF0000u)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBytes(byte* source) => Vector256.ConvertToSingle(Widen(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(byte* source, out Vector256<float> low, out Vector256<float> high)
    {
        var bytes = Widen(source);
        low = Vector256.ConvertToSingle(bytes & Vector256.Create(15));
        high = Vector256.ConvertToSingle(bytes >>> 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadSignedBytes(sbyte* source) => Vector256.ConvertToSingle(Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsSByte()).ToVector256Unsafe()));

    /// <remarks>Exponents move by 120; numbers without one, m / 8 * 2^-6, come out as (1 + m / 8) * 2^-7 and are twice that less 2^-6. No step meets a number too small for float32.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadFloat8(byte* source)
    {
        var bytes = Widen(source);
        var code = bytes & Vector256.Create(0x7F);
        var value = ((code << 20) + Vector256.Create(120 << 23)).AsSingle();
        value = Vector256.ConditionalSelect(Vector256.LessThan(code, Vector256.Create(8)).AsSingle(), value + value - Vector256.Create(1f / 64), value);
        return (value.AsInt32() | ((bytes & Vector256.Create(0x80)) << 24)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector256<float> value) => Lanes128.MaxLane(Vector128.MaxNative(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> left, Vector256<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> left, Vector256<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> left, Vector256<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> left, Vector256<float> right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> left, Vector256<float> right, Vector256<float> addend) =>
        Vector256.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> left, Vector256<float> right) => Vector256.MaxNative(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> left, Vector256<float> right) => Vector256.MinNative(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PowerOfTwo(Vector256<float> shifted) =>
        ((shifted.AsInt32() << 23) + Vector256.Create(0x3F800000)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(byte* source) => Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)source).AsByte()).ToVector256Unsafe()).AsInt32();
}
