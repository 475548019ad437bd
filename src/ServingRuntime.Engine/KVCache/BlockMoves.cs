using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// What a step moves between blocks before its forward pass, in this order: evicted contents to the second tier, contents from it, copies on write.
/// (Nothing is loaded in a step that preempts, so a copy never meets a loaded block.) Reused: cleared when the next step is scheduled.
/// </summary>
public sealed class BlockMoves
{
    private readonly List<BlockTransfer> stores = [];
    private readonly List<BlockTransfer> loads = [];
    private readonly List<BlockCopy> copies = [];

    public ReadOnlySpan<BlockTransfer> Stores => CollectionsMarshal.AsSpan(stores);

    public ReadOnlySpan<BlockTransfer> Loads => CollectionsMarshal.AsSpan(loads);

    public ReadOnlySpan<BlockCopy> Copies => CollectionsMarshal.AsSpan(copies);

    internal void Clear()
    {
        stores.Clear();
        loads.Clear();
        copies.Clear();
    }

    internal void Store(in BlockHash hash, int block) => stores.Add(new BlockTransfer(hash, block));

    internal void Load(in BlockHash hash, int block) => loads.Add(new BlockTransfer(hash, block));

    internal void Copy(int source, int destination) => copies.Add(new BlockCopy(source, destination));
}
