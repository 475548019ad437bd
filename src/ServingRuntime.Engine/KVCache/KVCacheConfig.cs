using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Models;
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

    // The pool's books take some fifty bytes for each block of the smallest model; no larger model's memory holds so many.
    private const long MostBlocks = 1 << 20;

    /// <summary>
    /// Override, else given bytes, else what the memory has room for: of the host's no more than all sequences at full length could use.
    /// </summary>
    /// <param name="options">Sizes as asked for.</param>
    /// <param name="bytesPerBlock">In all layers.</param>
    /// <param name="dtype">How keys and values are kept.</param>
    /// <param name="maxModelLen">Most tokens of a request.</param>
    /// <param name="room">Measured after the weights are loaded; null: unknown.</param>
    /// <exception cref="EngineStartException">One request of <paramref name="maxModelLen"/> tokens does not fit.</exception>
    internal static KVCacheConfig Create(EngineOptions options, long bytesPerBlock, DType dtype, int maxModelLen, KVCacheRoom? room)
    {
        var blocksPerSequence = (maxModelLen + options.BlockSize - 1) / options.BlockSize;
        var useful = checked(((long)blocksPerSequence * options.MaxNumSeqs) + 1);
        var (blocks, source, advice) = options switch
        {
            { NumBlocksOverride: { } number } => (number, $"{number} blocks as given", ""),
            { KVCacheMemoryBytes: { } bytes } => (bytes / bytesPerBlock, $"{bytes} bytes as given", ""),
            _ when room is not null => (Math.Min(room.IsShared || !options.EnablePrefixCaching ? useful : Math.Max(useful, MostBlocks), room.Blocks(bytesPerBlock)), room.Source, room.Advice),
            _ => throw new EngineStartException("the free memory cannot be measured here: give the bytes for KV blocks (KVCacheMemoryBytes)"),
        };
        var numBlocks = (int)Math.Clamp(blocks, 0, int.MaxValue / options.BlockSize);
        if (numBlocks - 1 < blocksPerSequence)
        {
            var largest = Math.Max(0, numBlocks - 1) * options.BlockSize;
            throw new EngineStartException(
                $"KV blocks for one request of {maxModelLen} tokens need {(blocksPerSequence + 1) * bytesPerBlock} bytes, but there are {source}; "
                + (largest >= 2 ? $"the largest max-model-len that fits is {largest}" : "no request fits at all") + advice);
        }

        return new KVCacheConfig(numBlocks, options.BlockSize, bytesPerBlock, dtype);
    }

    /// <summary>The blocks of every layer; all or none.</summary>
    internal KeyValueBlocks[] Allocate(IKernelBackend backend, ModelConfig config)
    {
        var layers = new List<KeyValueBlocks>(config.NumHiddenLayers);
        try
        {
            while (layers.Count < config.NumHiddenLayers)
            {
                layers.Add(backend.AllocateKeyValueBlocks(NumBlocks, config.NumKeyValueHeads, config.HeadDim, BlockSize, DType));
            }

            return [.. layers];
        }
        catch
        {
            layers.ForEach(layer => layer.Dispose());
            throw;
        }
    }
}
