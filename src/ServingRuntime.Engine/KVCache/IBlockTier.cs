using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// A second home for blocks that the pool reuses, such as host memory behind a device: what is evicted is offered to it, and what the pool does not know
/// is looked for in it. Called by the engine's thread alone.
/// </summary>
public interface IBlockTier : IDisposable
{
    BlockTierStats Stats { get; }

    /// <summary>Once, before anything else: takes the memory that it needs, so that what cannot be had is found at start.</summary>
    /// <param name="layers">The pool's memory, one for each layer.</param>
    void Attach(IReadOnlyList<KeyValueBlocks> layers);

    /// <summary>Whether the content of that name is here. A yes is a promise: it can be loaded by the next <see cref="Transfer"/>.</summary>
    bool Contains(in BlockHash hash);

    /// <summary>
    /// Moves whole blocks, all layers, before a step's forward pass. Contents of <paramref name="stores"/> are read before any block is written, since a
    /// block may be stored and then loaded into. What is loaded may stay here, too; what is stored need not be kept. An exception ends the engine.
    /// </summary>
    /// <param name="stores">Blocks about to be overwritten.</param>
    /// <param name="loads">Blocks to fill; only what <see cref="Contains"/> has promised.</param>
    void Transfer(ReadOnlySpan<BlockTransfer> stores, ReadOnlySpan<BlockTransfer> loads);

    /// <summary>Forgets everything.</summary>
    void Clear();
}
