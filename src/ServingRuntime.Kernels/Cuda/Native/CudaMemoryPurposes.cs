namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

internal static class CudaMemoryPurposes
{
    public static string Words(this CudaMemoryPurpose purpose) => purpose switch
    {
        CudaMemoryPurpose.Weights => "weights",
        CudaMemoryPurpose.KeyValues => "the KV cache",
        CudaMemoryPurpose.Activations => "a step's activations",
        _ => "pinned host memory",
    };

    /// <summary>Which flag to change.</summary>
    public static string Advice(this CudaMemoryPurpose purpose) => purpose switch
    {
        CudaMemoryPurpose.Weights => "another process may hold the device's memory; else choose a quantised model or a larger device",
        CudaMemoryPurpose.KeyValues => "lower --gpu-memory-utilization (or --num-gpu-blocks-override, --kv-cache-memory-bytes where they are given), or --max-model-len if one request must fit",
        CudaMemoryPurpose.Activations => "lower --max-num-seqs or --max-num-batched-tokens, or --gpu-memory-utilization, which leaves the KV cache less",
        _ => "raise the container's memory limit or its limit of locked memory (ulimit -l), or lower --kv-offloading-size where it is given",
    };
}
