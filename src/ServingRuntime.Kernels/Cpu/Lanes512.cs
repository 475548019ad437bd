using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>AVX-512.</summary>
internal readonly unsafe struct Lanes512 : ILaneOps<Vector512<float>>
{
    public static int Count => Vector512<float>.Count;

    public static Vector512<float> Zero => Vector512<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float value) => Vector512.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, float* destination) => Vector512.Store(value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBFloat16(ushort* source) => (Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFloat16(ushort* source)
    {
        // The exponent's bias differs by 112; a product of a power of two also makes numbers below the smallest normal one right. Infinity and NaN keep their exponent of ones.
        var bits = Vector512.WidenLower(Vector256.Load(source).ToVector512Unsafe());
        var magnitude = (bits & Vector512.Create(0x7FFFu)) << 13;
        var finite = (magnitude.AsSingle() * Vector512.Create(5192296858534827628530496329220096f)).AsUInt32();
        var special = Vector512.GreaterThan(magnitude, Vector512.Create(0x0F7FFFFFu)) & Vector512.Create(0x7F800000u);
        return (finite | special | ((bits & Vector512.Create(0x8000u)) << 16)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16Pairs(uint* source, out Vector512<float> low, out Vector512<float> high)
    {
        var pairs = Vector512.Load(source);
        low = (pairs << 16).AsSingle();
        high = (pairs & Vector512.Create(0xFFFF0000u)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBytes(byte* source) => Vector512.ConvertToSingle(Widen(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(byte* source, out Vector512<float> low, out Vector512<float> high)
    {
        var bytes = Widen(source);
        low = Vector512.ConvertToSingle(bytes & Vector512.Create(15));
        high = Vector512.ConvertToSingle(bytes >>> 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSignedBytes(sbyte* source) => Vector512.ConvertToSingle(Vector512.WidenLower(Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()).ToVector512Unsafe()));

    /// <remarks>Exponents move by 120; numbers without one, m / 8 * 2^-6, come out as (1 + m / 8) * 2^-7 and are twice that less 2^-6. No step meets a number too small for float32.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadFloat8(byte* source)
    {
        var bytes = Widen(source);
        var code = bytes & Vector512.Create(0x7F);
        var value = ((code << 20) + Vector512.Create(120 << 23)).AsSingle();
        value = Vector512.ConditionalSelect(Vector512.LessThan(code, Vector512.Create(8)).AsSingle(), value + value - Vector512.Create(1f / 64), value);
        return (value.AsInt32() | ((bytes & Vector512.Create(0x80)) << 24)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector512<float> value) => Lanes256.MaxLane(Vector256.MaxNative(value.GetLower(), value.GetUpper()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> left, Vector512<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> left, Vector512<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> left, Vector512<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Divide(Vector512<float> left, Vector512<float> right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> left, Vector512<float> right, Vector512<float> addend) =>
        Vector512.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Max(Vector512<float> left, Vector512<float> right) => Vector512.MaxNative(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Min(Vector512<float> left, Vector512<float> right) => Vector512.MinNative(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> PowerOfTwo(Vector512<float> shifted) =>
        ((shifted.AsInt32() << 23) + Vector512.Create(0x3F800000)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(byte* source) => Vector512.WidenLower(Vector256.WidenLower(Vector128.Load(source).ToVector256Unsafe()).ToVector512Unsafe()).AsInt32();
}
