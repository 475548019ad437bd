namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>A call of cuBLASLt failed: what was attempted, and its status.</summary>
public sealed class CublasException : Exception
{
    internal CublasException(string attempted, string call, int status) : base($"{attempted}: {call} failed with {status} {Name(status)}") => Status = status;

    /// <summary>cublasStatus_t.</summary>
    public int Status { get; }

    private static string Name(int status) => status switch
    {
        1 => "CUBLAS_STATUS_NOT_INITIALIZED (the library cannot use the device, or has no memory on it)",
        3 => "CUBLAS_STATUS_ALLOC_FAILED",
        7 => "CUBLAS_STATUS_INVALID_VALUE",
        8 => "CUBLAS_STATUS_ARCH_MISMATCH",
        13 => "CUBLAS_STATUS_EXECUTION_FAILED",
        14 => "CUBLAS_STATUS_INTERNAL_ERROR",
        15 => "CUBLAS_STATUS_NOT_SUPPORTED",
        _ => "",
    };
}
