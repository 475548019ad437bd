namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <param name="Group">Query heads that share a KV head.</param>
/// <param name="Cache">What keys and values are held as.</param>
/// <param name="Type">Of queries and output.</param>
internal sealed record AttentionShape(int KVHeads, int Group, int HeadDim, int BlockSize, DType Cache, DType Type = DType.Float32, int Window = 0, float Cap = 0)
{
    public int Width => KVHeads * Group * HeadDim;

    public AttentionOptions Options => new(1f / MathF.Sqrt(HeadDim), Window, Cap);
}
