namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>What the CPU backend's kernels may use. Each but <see cref="AvxVnni"/> includes those before it; <see cref="AvxVnni"/> is left out of the wider ones.</summary>
public enum CpuInstructionSet
{
    Vector128,

    /// <summary>AVX2 with fused multiply-add.</summary>
    Avx2,

    /// <summary>AVX2 with dot products of bytes.</summary>
    AvxVnni,

    /// <summary>AVX-512 F, BW, DQ and VL.</summary>
    Avx512,

    /// <summary>AVX-512 with dot products of bytes.</summary>
    Avx512Vnni,

    /// <summary>AVX-512 with dot products of bytes and of bfloat16.</summary>
    Avx512BFloat16,

    /// <summary>Tiles of bytes and of bfloat16, beside all of <see cref="Avx512BFloat16"/>.</summary>
    Amx,
}
