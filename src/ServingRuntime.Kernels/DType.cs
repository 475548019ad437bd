namespace Octavo.ServingRuntime.Kernels;

/// <summary>Element types that kernels know.</summary>
public enum DType
{
    Float32,
    BFloat16,
    Float16,
    Int32,

    /// <summary>4 bits of exponent, 3 of mantissa, no infinities (OCP "E4M3"; safetensors F8_E4M3).</summary>
    Float8E4M3,

    /// <summary>5 bits of exponent, 2 of mantissa: the upper half of a float16.</summary>
    Float8E5M2,

    /// <summary>Whole numbers from -127 to 127, which a scale beside them makes values (KV cache).</summary>
    Int8,
}
