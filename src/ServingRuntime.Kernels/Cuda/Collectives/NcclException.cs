namespace Octavo.ServingRuntime.Kernels.Cuda.Collectives;

/// <summary>A call of NCCL failed, or an operation that another rank took part in: what was attempted, and what NCCL says of it.</summary>
public sealed class NcclException : Exception
{
    internal NcclException(string attempted, string call, int result, string text, string detail)
        : base($"{attempted}: {call} failed with {result} {text}{(detail.Length > 0 ? $" ({detail})" : "")}") => Result = result;

    /// <summary>ncclResult_t.</summary>
    public int Result { get; }

    /// <summary>Whether another rank is the cause: this one's device may be whole.</summary>
    public bool IsRemote => Result == 6;
}
