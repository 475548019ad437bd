using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// The second tier in host memory behind a device: contents in so many places, the least recently stored or loaded giving way. Memory comes with the first transfer, when the layers are known. Copies are
/// ordered by the device's stream, stores before loads and both before the step, so nobody waits for them.
/// </summary>
/// <param name="maxBytes">Of host memory; room for one block at least.</param>
internal sealed class HostMemoryTier(IBlockSwapping swapping, long maxBytes) : IBlockTier
{
    private readonly Dictionary<BlockHash, LinkedListNode<(BlockHash Hash, int Place)>> known = [];

    // The latest first.
    private readonly LinkedList<(BlockHash Hash, int Place)> recent = [];
    private readonly List<BlockCopy> copies = [];
    private readonly Stack<int> free = new();
    private IHostBlocks? memory;

    /// <summary>Blocks that it has room for; 0: not known yet.</summary>
    public int Capacity => memory?.Count ?? 0;

    public int Count => known.Count;

    public bool Contains(in BlockHash hash) => known.ContainsKey(hash);

    public void Transfer(IReadOnlyList<KeyValueBlocks> layers, ReadOnlySpan<BlockTransfer> stores, ReadOnlySpan<BlockTransfer> loads)
    {
        var places = memory ??= Allocate(layers);

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

        places.Store(CollectionsMarshal.AsSpan(copies));
        copies.Clear();
        foreach (ref readonly var load in loads)
        {
            copies.Add(new BlockCopy(known[load.Hash].Value.Place, load.Block));
        }

        places.Load(CollectionsMarshal.AsSpan(copies));
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

    private IHostBlocks Allocate(IReadOnlyList<KeyValueBlocks> layers)
    {
        var made = swapping.AllocateHostBlocks(layers, (int)Math.Clamp(maxBytes / swapping.HostBlockBytes(layers), 1, int.MaxValue));
        for (var place = made.Count - 1; place >= 0; place--)
        {
            free.Push(place);
        }

        return made;
    }

    private void Touch(LinkedListNode<(BlockHash Hash, int Place)> node)
    {
        recent.Remove(node);
        recent.AddFirst(node);
    }
}
