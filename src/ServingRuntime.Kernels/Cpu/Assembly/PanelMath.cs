namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>What an assembled product computes with.</summary>
internal enum PanelMath
{
    /// <summary>float32 weights, fused multiply-adds.</summary>
    Float32,

    /// <summary>float16 weights, widened; fused multiply-adds.</summary>
    Float16,

    /// <summary>bfloat16 weights, widened; fused multiply-adds with float32 activations.</summary>
    BFloat16,

    /// <summary>bfloat16 weights and activations, dot products of pairs.</summary>
    BFloat16Pairs,
}
