using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>cuBLASLt's entry points; all but the first return a cublasStatus_t.</summary>
internal sealed unsafe class CublasLtApi(LoadedLibrary library)
{
    /// <summary>10000 · major + 100 · minor + patch.</summary>
    public readonly delegate* unmanaged[Cdecl]<nuint> GetVersion = (delegate* unmanaged[Cdecl]<nuint>)library.Export("cublasLtGetVersion");
    public readonly delegate* unmanaged[Cdecl]<nint*, int> Create = (delegate* unmanaged[Cdecl]<nint*, int>)library.Export("cublasLtCreate");
    public readonly delegate* unmanaged[Cdecl]<nint, int> Destroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cublasLtDestroy");

    /// <summary>Compute type, scale type.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint*, int, int, int> DescCreate = (delegate* unmanaged[Cdecl]<nint*, int, int, int>)library.Export("cublasLtMatmulDescCreate");
    public readonly delegate* unmanaged[Cdecl]<nint, int, void*, nuint, int> DescSetAttribute = (delegate* unmanaged[Cdecl]<nint, int, void*, nuint, int>)library.Export("cublasLtMatmulDescSetAttribute");
    public readonly delegate* unmanaged[Cdecl]<nint, int> DescDestroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cublasLtMatmulDescDestroy");

    /// <summary>Type, rows, columns, elements from one column to the next.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint*, int, ulong, ulong, long, int> LayoutCreate = (delegate* unmanaged[Cdecl]<nint*, int, ulong, ulong, long, int>)library.Export("cublasLtMatrixLayoutCreate");
    public readonly delegate* unmanaged[Cdecl]<nint, int> LayoutDestroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cublasLtMatrixLayoutDestroy");
    public readonly delegate* unmanaged[Cdecl]<nint*, int> PreferenceCreate = (delegate* unmanaged[Cdecl]<nint*, int>)library.Export("cublasLtMatmulPreferenceCreate");
    public readonly delegate* unmanaged[Cdecl]<nint, int, void*, nuint, int> PreferenceSetAttribute = (delegate* unmanaged[Cdecl]<nint, int, void*, nuint, int>)library.Export("cublasLtMatmulPreferenceSetAttribute");
    public readonly delegate* unmanaged[Cdecl]<nint, int> PreferenceDestroy = (delegate* unmanaged[Cdecl]<nint, int>)library.Export("cublasLtMatmulPreferenceDestroy");

    /// <summary>Handle, description, layouts of A, B, C, D, preference, how many are wanted, results, how many there are.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint, nint, nint, nint, nint, nint, int, ProductAlgorithm*, int*, int> AlgoGetHeuristic =
        (delegate* unmanaged[Cdecl]<nint, nint, nint, nint, nint, nint, nint, int, ProductAlgorithm*, int*, int>)library.Export("cublasLtMatmulAlgoGetHeuristic");

    /// <summary>Handle, description, alpha, A with its layout, B with its layout, beta, C with its layout, D with its layout, algorithm, workspace with its bytes, stream.</summary>
    public readonly delegate* unmanaged[Cdecl]<nint, nint, void*, nint, nint, nint, nint, void*, nint, nint, nint, nint, ProductAlgorithm*, nint, nuint, nint, int> Matmul =
        (delegate* unmanaged[Cdecl]<nint, nint, void*, nint, nint, nint, nint, void*, nint, nint, nint, nint, ProductAlgorithm*, nint, nuint, nint, int>)library.Export("cublasLtMatmul");
}
