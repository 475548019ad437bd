namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>All that the choice of an algorithm for output [M, N] = x [M, K] · weight [N, K]ᵀ (+ bias [N]) depends on.</summary>
/// <param name="Inputs">Of x and the weight: float32, bfloat16 or float16.</param>
/// <param name="Outputs">That of the inputs, or float32.</param>
/// <param name="InputStride">Elements from one row of x to the next; a weight is dense.</param>
/// <param name="InputAlignment">Bytes that the address of x is a multiple of, 256 at most.</param>
internal readonly record struct ProductShape(int M, int N, int K, DType Inputs, DType Outputs, int InputStride, int OutputStride, int InputAlignment, int OutputAlignment, bool HasBias)
{
    /// <summary>The largest power of two up to 256 that an address is a multiple of.</summary>
    public static int Alignment(nint address) => (int)Math.Min(256, address & -address);

    public override string ToString() => $"[{M}, {N}] = [{M}, {K}] · [{N}, {K}]ᵀ of {Inputs} in {Outputs}";
}
