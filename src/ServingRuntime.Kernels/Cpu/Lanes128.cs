using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>SSE and NEON; .NET computes it in plain code where the processor has neither, so this is the fallback for all others.</summary>
internal readonly unsafe struct Lanes128 : ILaneOps<Vector128<float>>
{
    public static int Count => Vector128<float>.Count;

    public static Vector128<float> Zero => Vector128<float>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float value) => Vector128.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector128<float> value, float* destination) => Vector128.Store(value, destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBFloat16(ushort* source) => (Vector128.WidenLower(Vector64.Load(source).ToVector128Unsafe()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloat16(ushort* source)
    {
        // The exponent's bias differs by 112; a product of a power of two also makes numbers below the smallest normal one right. Infinity and NaN keep their exponent of ones.
        var bits = Vector128.WidenLower(Vector64.Load(source).ToVector128Unsafe());
        var magnitude = (bits & Vector128.Create(0x7FFFu)) << 13;
        var finite = (magnitude.AsSingle() * Vector128.Create(5192296858534827628530496329220096f)).AsUInt32();
        var special = Vector128.GreaterThan(magnitude, Vector128.Create(0x0F7FFFFFu)) & Vector128.Create(0x7F800000u);
        return (finite | special | ((bits & Vector128.Create(0x8000u)) << 16)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadBFloat16Pairs(uint* source, out Vector128<float> low, out Vector128<float> high)
    {
        var pairs = Vector128.Load(source);
        low = (pairs << 16).AsSingle();
        high = (pairs & Vector128.Create(0xFFFF0000u)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadBytes(byte* source) => Vector128.ConvertToSingle(Widen(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(byte* source, out Vector128<float> low, out Vector128<float> high)
    {
        var bytes = Widen(source);
        low = Vector128.ConvertToSingle(bytes & Vector128.Create(15));
        high = Vector128.ConvertToSingle(bytes >>> 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadSignedBytes(sbyte* source) => Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)source).AsSByte())));

    /// <remarks>Exponents move by 120; numbers without one, m / 8 * 2^-6, come out as (1 + m / 8) * 2^-7 and are twice that less 2^-6. No step meets a number too small for float32.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadFloat8(byte* source)
    {
        var bytes = Widen(source);
        var code = bytes & Vector128.Create(0x7F);
        var value = ((code << 20) + Vector128.Create(120 << 23)).AsSingle();
        value = Vector128.ConditionalSelect(Vector128.LessThan(code, Vector128.Create(8)).AsSingle(), value + value - Vector128.Create(1f / 64), value);
        return (value.AsInt32() | ((bytes & Vector128.Create(0x80)) << 24)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector128<float> value)
    {
        var pairs = Vector128.MaxNative(value, Vector128.Shuffle(value.AsInt32(), Vector128.Create(2, 3, 0, 1)).AsSingle());
        return Vector128.MaxNative(pairs, Vector128.Shuffle(pairs.AsInt32(), Vector128.Create(1, 0, 3, 2)).AsSingle()).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> left, Vector128<float> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> left, Vector128<float> right) => left - right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> left, Vector128<float> right) => left * right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Divide(Vector128<float> left, Vector128<float> right) => left / right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> left, Vector128<float> right, Vector128<float> addend) =>
        Vector128.FusedMultiplyAdd(left, right, addend);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Max(Vector128<float> left, Vector128<float> right) => Vector128.MaxNative(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Min(Vector128<float> left, Vector128<float> right) => Vector128.MinNative(left, right);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> PowerOfTwo(Vector128<float> shifted) =>
        ((shifted.AsInt32() << 23) + Vector128.Create(0x3F800000)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Widen(byte* source) => Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)source).AsByte())).AsInt32();
}
