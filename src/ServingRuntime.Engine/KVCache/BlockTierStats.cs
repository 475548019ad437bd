namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>What a second tier holds, and what it has moved since it was made.</summary>
/// <param name="Capacity">Blocks that it has room for.</param>
/// <param name="Blocks">Blocks that it holds.</param>
/// <param name="BlockBytes">Of a block of all layers.</param>
/// <param name="StoredBlocks">Taken from the pool.</param>
/// <param name="LoadedBlocks">Given back to it, after preemptions, too.</param>
public readonly record struct BlockTierStats(int Capacity, int Blocks, long BlockBytes, long StoredBlocks, long LoadedBlocks)
{
    /// <summary>The same with totals counted from an earlier one.</summary>
    internal BlockTierStats Since(in BlockTierStats earlier) => this with { StoredBlocks = StoredBlocks - earlier.StoredBlocks, LoadedBlocks = LoadedBlocks - earlier.LoadedBlocks };
}
