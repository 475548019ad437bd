namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>A block of the pool and the name of what it holds, or is to hold.</summary>
public readonly record struct BlockTransfer(BlockHash Hash, int Block);
