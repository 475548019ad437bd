using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// The second tier in host memory behind a device: contents in so many places, the least recently stored or loaded giving way. Copies are ordered by the device's stream, stores before loads and both
/// before the step, so nobody waits for them.
/// </summary>
/// <param name="maxBytes">Of host memory.</param>
internal sealed class HostMemoryTier(IBlockSwapping swapping, long maxBytes) : IBlockTier
{
    private readonly Dictionary<BlockHash, LinkedListNode<(BlockHash Hash, int Place)>> known = [];

    // The latest first.
    private readonly LinkedList<(BlockHash Hash, int Place)> recent = [];
    private readonly List<BlockCopy> copies = [];
    private readonly Stack<int> free = new();
    private IHostBlocks? memory;
    private long blockBytes;
    private long stored;
    private long loaded;

    public BlockTierStats Stats => new(memory?.Count ?? 0, known.Count, blockBytes, stored, loaded);

    /// <summary>The one that the options ask for; null: none.</summary>
    /// <param name="swapping">The backend's; null: it has no memory of its own to give anything up.</param>
    /// <param name="freeBytes">Of the host, before weights are loaded (what is read of them counts as used then, though it can be given up); null: unknown.</param>
    /// <exception cref="EngineStartException">It cannot be had.</exception>
    public static HostMemoryTier? Create(EngineOptions options, IBlockSwapping? swapping, long? freeBytes)
    {
        if (options.KVOffloadingBytes is not { } bytes)
        {
            return null;
        }

        if (swapping is null)
        {
            throw new EngineStartException(
                "KVOffloadingBytes: --kv-offloading-size keeps in host memory what a device has no room for; on the CPU the KV blocks are in host memory already, so give them more of it (--kv-cache-memory-bytes)");
        }

        return bytes <= (freeBytes ?? long.MaxValue) ? new HostMemoryTier(swapping, bytes) : throw new EngineStartException(
            $"KVOffloadingBytes: --kv-offloading-size asks for {bytes} bytes of host memory, and {freeBytes} are free on this machine or left by the container's memory limit");
    }

    public void Attach(IReadOnlyList<KeyValueBlocks> layers)
    {
        blockBytes = swapping.HostBlockBytes(layers);
        if (maxBytes < blockBytes)
        {
            throw new EngineStartException($"KVOffloadingBytes: --kv-offloading-size asks for {maxBytes} bytes of host memory, and one block of this model takes {blockBytes}");
        }

        memory = swapping.AllocateHostBlocks(layers, (int)Math.Min(maxBytes / blockBytes, int.MaxValue));
        for (var place = memory.Count - 1; place >= 0; place--)
        {
            free.Push(place);
        }
    }

    public bool Contains(in BlockHash hash) => known.ContainsKey(hash);

    public void Transfer(ReadOnlySpan<BlockTransfer> stores, ReadOnlySpan<BlockTransfer> loads)
    {
        // What has been promised is the latest now, so that no store takes its place.
        foreach (ref readonly var load in loads)
        {
            Touch(known[load.Hash]);
        }

        copies.Clear();
        foreach (ref readonly var store in stores)
        {
            if (known.TryGetValue(store.Hash, out var held))
            {
                Touch(held);
            }
            else if (TryTake(loads, out var place))
            {
                known.Add(store.Hash, recent.AddFirst((store.Hash, place)));
                copies.Add(new BlockCopy(store.Block, place));
            }
        }

        memory!.Store(CollectionsMarshal.AsSpan(copies));
        stored += copies.Count;
        copies.Clear();
        foreach (ref readonly var load in loads)
        {
            copies.Add(new BlockCopy(known[load.Hash].Value.Place, load.Block));
        }

        memory.Load(CollectionsMarshal.AsSpan(copies));
        loaded += copies.Count;
    }

    public void Clear()
    {
        foreach (var (_, place) in recent)
        {
            free.Push(place);
        }

        known.Clear();
        recent.Clear();
    }

    public void Dispose() => memory?.Dispose();

    /// <summary>A place for one more: a free one, or the oldest's unless it was stored or is loaded in this transfer.</summary>
    private bool TryTake(ReadOnlySpan<BlockTransfer> loads, out int place)
    {
        if (free.TryPop(out place))
        {
            return true;
        }

        var oldest = recent.Last!.Value;
        place = oldest.Place;
        foreach (ref readonly var load in loads)
        {
            if (load.Hash == oldest.Hash)
            {
                return false;
            }
        }

        foreach (var copy in copies)
        {
            if (copy.Destination == place)
            {
                return false;
            }
        }

        recent.RemoveLast();
        known.Remove(oldest.Hash);
        return true;
    }

    private void Touch(LinkedListNode<(BlockHash Hash, int Place)> node)
    {
        recent.Remove(node);
        recent.AddFirst(node);
    }
}
