using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>cublasLtMatmulHeuristicResult_t: 96 bytes, the algorithm being the first 64.</summary>
[StructLayout(LayoutKind.Explicit, Size = 96)]
internal struct ProductAlgorithm
{
    [FieldOffset(0)]
    public ulong First;

    /// <summary>What it needs.</summary>
    [FieldOffset(64)]
    public nuint WorkspaceBytes;

    /// <summary>A cublasStatus_t: 0 where it can be used.</summary>
    [FieldOffset(72)]
    public int State;
}
