using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Reads a panel of <see cref="PackedLinear"/>, whose width is two vectors.</summary>
internal unsafe interface IPanelFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    static abstract int PairBytes { get; }

    /// <summary>Weights of inputs k (even) and k + 1 (odd) for the panel's first or second vector of outputs.</summary>
    static abstract void LoadPair(byte* pair, int vector, out TVector even, out TVector odd);
}

internal readonly unsafe struct Float32Panel<TOps, TVector> : IPanelFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public static int PairBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TOps.Count * 4 * sizeof(float);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* pair, int vector, out TVector even, out TVector odd)
    {
        even = TOps.Load((float*)pair + (vector * TOps.Count));
        odd = TOps.Load((float*)pair + ((vector + 2) * TOps.Count));
    }
}

internal readonly unsafe struct BFloat16Panel<TOps, TVector> : IPanelFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public static int PairBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TOps.Count * 2 * sizeof(uint);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* pair, int vector, out TVector even, out TVector odd) =>
        TOps.LoadBFloat16Pairs((uint*)pair + (vector * TOps.Count), out even, out odd);
}

internal readonly unsafe struct Float16Panel<TOps, TVector> : IPanelFormat<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public static int PairBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TOps.Count * 4 * sizeof(ushort);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPair(byte* pair, int vector, out TVector even, out TVector odd)
    {
        even = TOps.LoadFloat16((ushort*)pair + (vector * TOps.Count));
        odd = TOps.LoadFloat16((ushort*)pair + ((vector + 2) * TOps.Count));
    }
}
