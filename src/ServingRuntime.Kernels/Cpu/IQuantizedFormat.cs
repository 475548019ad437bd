using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Reads a panel of <see cref="QuantizedLinear"/>, whose width is two vectors.</summary>
internal unsafe interface IQuantizedFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    /// <summary>The numbers of inputs k (even) and k + 1 (odd) for the panel's first or second vector of outputs.</summary>
    static abstract void LoadPair(byte* pair, int vector, out TVector even, out TVector odd);
}

internal readonly unsafe struct FourBits<TOps, TVector> : IQuantizedFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* pair, int vector, out TVector even, out TVector odd) => TOps.LoadNibbles(pair + (vector * TOps.Count), out even, out odd);
}

internal readonly unsafe struct EightBits<TOps, TVector> : IQuantizedFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* pair, int vector, out TVector even, out TVector odd)
    {
        even = TOps.LoadBytes(pair + (vector * TOps.Count));
        odd = TOps.LoadBytes(pair + ((vector + 2) * TOps.Count));
    }
}
