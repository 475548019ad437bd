using System.Globalization;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>Memory that KV blocks are sized from where nobody says how many.</summary>
/// <param name="Bytes">What they may take.</param>
/// <param name="Source">How that came about, with numbers, for an error.</param>
/// <param name="Advice">What to change where it is too little.</param>
/// <param name="IsShared">Whether memory that is not needed is to be left to others: the host's is, a device's is the engine's own and holds prefixes.</param>
internal sealed record KVCacheRoom(long Bytes, string Source, string Advice, bool IsShared)
{
    /// <summary>Blocks of a draft model, which come on top: bytes of each, and how many there are at most. There are never more of them than of the model's own.</summary>
    public (long BlockBytes, long MaxBlocks) Draft { get; init; }

    /// <summary>A part of what the host has free after the weights are loaded.</summary>
    public static KVCacheRoom OfHost(EngineOptions options, long freeBytes) => new(
        (long)(freeBytes * options.MemoryUtilization), string.Create(CultureInfo.InvariantCulture, $"{options.MemoryUtilization:P0} of {freeBytes} free bytes"), "", IsShared: true);

    /// <summary>What weights and the largest step leave of a device's share.</summary>
    /// <param name="use">Measured after that step.</param>
    public static KVCacheRoom OfDevice(EngineOptions options, DeviceMemoryUse use)
    {
        var bytes = Math.Max(0, (long)(use.TotalBytes * options.GpuMemoryUtilization) - use.UsedBytes);
        var source = string.Create(
            CultureInfo.InvariantCulture,
            $"{bytes} bytes: {options.GpuMemoryUtilization:0.##} (--gpu-memory-utilization) of the device's {use.TotalBytes}, less {use.UsedBytes} in use with weights and the largest step's activations");
        return new KVCacheRoom(
            bytes, source, "; raise --gpu-memory-utilization, lower --max-num-batched-tokens or --max-num-seqs, keep keys and values in --kv-cache-dtype fp8, or serve a smaller or quantised model", IsShared: false);
    }

    /// <summary>How many blocks fit.</summary>
    /// <param name="bytesPerBlock">The model's own.</param>
    public long Blocks(long bytesPerBlock) =>
        Math.Max(Bytes / (bytesPerBlock + Draft.BlockBytes), (Bytes - (Draft.BlockBytes * Draft.MaxBlocks)) / bytesPerBlock);
}
