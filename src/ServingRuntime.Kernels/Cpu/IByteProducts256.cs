using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Dot products of unsigned with signed bytes as <see cref="IQuantizedOps{TInt, TVector}"/> has them, in 256 bits.</summary>
internal interface IByteProducts256
{
    static abstract Vector256<int> DotNibbles(Vector256<int> sum, Vector256<int> low, int lowInputs, Vector256<int> high, int highInputs);

    static abstract Vector256<int> DotBytes(Vector256<int> sum, Vector256<int> bytes, int inputs);
}

/// <summary>AVX2.</summary>
internal readonly struct Avx2ByteProducts : IByteProducts256
{
    // 15 · 127 · 4 is far from what 16 bits hold, so that nothing saturates.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotNibbles(Vector256<int> sum, Vector256<int> low, int lowInputs, Vector256<int> high, int highInputs)
    {
        var pairs = Avx2.MultiplyAddAdjacent(low.AsByte(), Vector256.Create(lowInputs).AsSByte()) + Avx2.MultiplyAddAdjacent(high.AsByte(), Vector256.Create(highInputs).AsSByte());
        return sum + Avx2.MultiplyAddAdjacent(pairs, Vector256.Create((short)1));
    }

    // Bytes up to 255 would saturate; in 16 bits they do not.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotBytes(Vector256<int> sum, Vector256<int> bytes, int inputs)
    {
        var x = Vector256.Create(inputs).AsInt16();
        var even = Avx2.MultiplyAddAdjacent((bytes & Vector256.Create(0x00FF00FF)).AsInt16(), (x << 8) >> 8);
        return sum + even + Avx2.MultiplyAddAdjacent((bytes.AsUInt16() >>> 8).AsInt16(), x >> 8);
    }
}

/// <summary>AVX-VNNI: four products of bytes in one instruction.</summary>
internal readonly struct VnniByteProducts : IByteProducts256
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotNibbles(Vector256<int> sum, Vector256<int> low, int lowInputs, Vector256<int> high, int highInputs) =>
        DotBytes(DotBytes(sum, low, lowInputs), high, highInputs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> DotBytes(Vector256<int> sum, Vector256<int> bytes, int inputs) =>
        AvxVnni.MultiplyWideningAndAdd(sum, bytes.AsByte(), Vector256.Create(inputs).AsSByte());
}
