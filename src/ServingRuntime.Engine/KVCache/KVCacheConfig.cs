using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>Number and size of the KV blocks.</summary>
/// <param name="NumBlocks">The null block included.</param>
/// <param name="BlockSize">Tokens.</param>
/// <param name="BytesPerBlock">In all layers: keys, values and their scales.</param>
/// <param name="DType">How keys and values are kept.</param>
public sealed record KVCacheConfig(int NumBlocks, int BlockSize, long BytesPerBlock, DType DType = DType.Float32)
{
    public long Bytes => NumBlocks * BytesPerBlock;

    /// <summary>
    /// Override, else given bytes, else a part of the free memory, but no more than all sequences at full length could use.
    /// </summary>
    /// <param name="options">Sizes as asked for.</param>
    /// <param name="bytesPerBlock">In all layers.</param>
    /// <param name="dtype">How keys and values are kept.</param>
    /// <param name="maxModelLen">Most tokens of a request.</param>
    /// <param name="freeMemoryBytes">Measured after the weights are loaded; null: unknown.</param>
    /// <exception cref="EngineStartException">One request of <paramref name="maxModelLen"/> tokens does not fit.</exception>
    public static KVCacheConfig Create(EngineOptions options, long bytesPerBlock, DType dtype, int maxModelLen, long? freeMemoryBytes)
    {
        var blocksPerSequence = (maxModelLen + options.BlockSize - 1) / options.BlockSize;
        var useful = checked(((long)blocksPerSequence * options.MaxNumSeqs) + 1);
        var (blocks, source) = options switch
        {
            { NumBlocksOverride: { } number } => (number, $"{number} blocks as given"),
            { KVCacheMemoryBytes: { } bytes } => (bytes / bytesPerBlock, $"{bytes} bytes as given"),
            _ when freeMemoryBytes is { } free => (Math.Min(useful, (long)(free * options.MemoryUtilization) / bytesPerBlock), $"{options.MemoryUtilization:P0} of {free} free bytes"),
            _ => throw new EngineStartException("the free memory cannot be measured here: give the bytes for KV blocks (KVCacheMemoryBytes)"),
        };
        var numBlocks = (int)Math.Min(blocks, int.MaxValue / options.BlockSize);
        if (numBlocks - 1 < blocksPerSequence)
        {
            var largest = Math.Max(0, numBlocks - 1) * options.BlockSize;
            throw new EngineStartException(
                $"KV blocks for one request of {maxModelLen} tokens need {(blocksPerSequence + 1) * bytesPerBlock} bytes, but there are {source}; "
                + (largest >= 2 ? $"the largest max-model-len that fits is {largest}" : "no request fits at all"));
        }

        return new KVCacheConfig(numBlocks, options.BlockSize, bytesPerBlock, dtype);
    }
}
