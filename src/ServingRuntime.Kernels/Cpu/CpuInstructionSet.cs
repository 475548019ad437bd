using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Vector width that the CPU backend computes with.</summary>
public enum CpuInstructionSet
{
    Vector128,
    Vector256,
    Vector512,
}

internal static class CpuInstructionSets
{
    /// <summary>The widest that the processor runs in hardware, fused multiply-add included.</summary>
    public static CpuInstructionSet Best =>
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? CpuInstructionSet.Vector512
        : Vector256.IsHardwareAccelerated && Fma.IsSupported ? CpuInstructionSet.Vector256
        : CpuInstructionSet.Vector128;
}
