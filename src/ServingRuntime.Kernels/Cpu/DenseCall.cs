namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>One product of activations with a <see cref="PackedLinear"/>. Strides in elements.</summary>
internal unsafe struct DenseCall
{
    public PackedLinear Weight;

    public int Rows;

    public float* X;

    public int XStride;

    /// <summary>The same activations in bfloat16; only where the product rounds them.</summary>
    public RoundedActivations? Rounded;

    public float* Y;

    public int YStride;
}
