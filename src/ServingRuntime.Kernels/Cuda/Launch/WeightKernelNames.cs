namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>A kernel's names by the form of the weights and the type of the activations: prefix_4_bf16, prefix_8_bf16, prefix_dense_bf16 and so on.</summary>
internal sealed class WeightKernelNames(string prefix)
{
    private readonly KernelNames dense = new(prefix + "_dense");
    private readonly KernelNames four = new(prefix + "_4");
    private readonly KernelNames eight = new(prefix + "_8");

    /// <param name="bits">0: dense.</param>
    public string this[int bits, DType dtype] => (bits switch { 0 => dense, 4 => four, 8 => eight, _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "no kernel") })[dtype];
}
