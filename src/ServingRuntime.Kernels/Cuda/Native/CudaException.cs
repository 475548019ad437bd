namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>A call of the driver failed: what was attempted, by which call, and the driver's code, name and words.</summary>
public class CudaException : Exception
{
    internal CudaException(string attempted, string call, int code, string name, string words)
        : base($"{attempted}: {call} failed with {code} {name} ({words}){CudaErrors.Hint(code)}")
    {
        Call = call;
        Code = code;
        Name = name;
        IsSticky = CudaErrors.IsSticky(code);
    }

    private protected CudaException(string message, string call, int code, string name) : base(message)
    {
        Call = call;
        Code = code;
        Name = name;
    }

    /// <summary>The entry point.</summary>
    public string Call { get; }

    /// <summary>CUresult.</summary>
    public int Code { get; }

    /// <summary>The driver's name of it, such as CUDA_ERROR_LAUNCH_FAILED.</summary>
    public string Name { get; }

    /// <summary>Whether nothing works on the device in this process any more.</summary>
    public bool IsSticky { get; }
}
