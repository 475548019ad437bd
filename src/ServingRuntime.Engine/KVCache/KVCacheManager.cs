using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// Gives requests their blocks. Full blocks are registered when they are allocated for, before the forward pass fills them: that pass stores every
/// key before any query reads (see <c>Layers/Attention</c>), so even a request of the same step may share them. What a preempted
/// request has registered but not computed is forgotten again.
/// </summary>
public sealed class KVCacheManager(BlockPool pool, int blockSize, bool enablePrefixCaching)
{
    private readonly List<int> hits = [];

    public BlockPool Pool => pool;

    public int BlockSize => blockSize;

    public int BlocksFor(int tokens) => (tokens + blockSize - 1) / blockSize;

    /// <summary>
    /// Tokens at the request's front whose keys and values are already in some block: whole blocks, and never the last token, since its logits are
    /// still to be computed.
    /// </summary>
    public int GetComputedTokens(Request request)
    {
        FindComputedBlocks(request);
        return hits.Count * blockSize;
    }

    /// <summary>
    /// Admits a waiting request: takes its cached blocks and new ones for the first chunk. Only where the whole of it would fit beside
    /// <paramref name="reservedBlocks"/> free ones, since admitting by the first chunk alone makes requests push each other out.
    /// </summary>
    /// <param name="maxNewTokens">Most tokens beyond the cached ones to make room for now.</param>
    /// <returns>Null: no room.</returns>
    public (int CachedTokens, int NewTokens)? TryAdmit(Request request, int maxNewTokens, int reservedBlocks)
    {
        FindComputedBlocks(request);
        var newBlocks = BlocksFor(request.NumTokens) - hits.Count;
        var revived = 0;
        foreach (var block in hits)
        {
            revived += pool.IsFree(block) ? 1 : 0;
        }

        if (newBlocks + revived + reservedBlocks > pool.FreeCount)
        {
            return null;
        }

        foreach (var block in hits)
        {
            pool.Touch(block);
            request.Blocks.Add(block);
        }

        request.NumRegisteredBlocks = hits.Count;
        var cached = hits.Count * blockSize;
        var newTokens = Math.Min(request.NumTokens - cached, maxNewTokens);
        return Extend(request, cached + newTokens) ? (cached, newTokens) : throw new InvalidOperationException("admission counted wrongly");
    }

    /// <summary>Blocks for the next <paramref name="newTokens"/> tokens after the computed ones.</summary>
    /// <returns>False: no room, and nothing has changed.</returns>
    public bool TryAllocateSlots(Request request, int newTokens) => Extend(request, request.NumComputedTokens + newTokens);

    /// <summary>Takes all blocks from a request; their content stays findable until they are reused.</summary>
    /// <param name="uncomputedFrom">Tokens from here on were given blocks but will not be computed: those blocks are forgotten.</param>
    public void Free(Request request, int uncomputedFrom)
    {
        for (var i = uncomputedFrom / blockSize; i < request.Blocks.Count; i++)
        {
            pool.Unregister(request.Blocks[i]);
        }

        pool.Free(request.Blocks);
        request.Blocks.Clear();
        request.NumRegisteredBlocks = 0;
    }

    private bool Extend(Request request, int tokens)
    {
        var missing = BlocksFor(tokens) - request.Blocks.Count;
        if (missing > pool.FreeCount)
        {
            return false;
        }

        for (var i = 0; i < missing; i++)
        {
            request.Blocks.Add(pool.Allocate());
        }

        if (enablePrefixCaching)
        {
            // Drafts are no content: what they will have become is registered by a later step.
            for (var full = Math.Min(tokens, request.NumTokens) / blockSize; request.NumRegisteredBlocks < full; request.NumRegisteredBlocks++)
            {
                pool.Register(request.Blocks[request.NumRegisteredBlocks], HashOf(request, request.NumRegisteredBlocks));
            }
        }

        return true;
    }

    private void FindComputedBlocks(Request request)
    {
        hits.Clear();
        if (!enablePrefixCaching || request.NeedsWholePrompt)
        {
            return;
        }

        var most = (request.NumTokens - 1) / blockSize;
        for (var i = 0; i < most && pool.TryFind(HashOf(request, i), out var block); i++)
        {
            hits.Add(block);
        }
    }

    private BlockHash HashOf(Request request, int block)
    {
        for (var i = request.BlockHashes.Count; i <= block; i++)
        {
            BlockHash? parent = i == 0 ? null : request.BlockHashes[i - 1];
            request.BlockHashes.Add(BlockHash.Of(parent, request.Tokens.Slice(i * blockSize, blockSize), request.Source.CacheSalt));
        }

        return request.BlockHashes[block];
    }
}
