using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>What a byte of an eight-bit cache stands for, but for its token's scale.</summary>
internal unsafe interface IByteCode
{
    /// <summary>Count bytes.</summary>
    static abstract TVector Load<TOps, TVector>(byte* source)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct;
}

internal readonly unsafe struct Int8Code : IByteCode
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TOps, TVector>(byte* source)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct => TOps.LoadSignedBytes((sbyte*)source);
}

internal readonly unsafe struct Float8Code : IByteCode
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Load<TOps, TVector>(byte* source)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct => TOps.LoadFloat8(source);
}
