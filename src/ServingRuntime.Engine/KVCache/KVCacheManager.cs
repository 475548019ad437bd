using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// Gives requests their blocks. Full blocks are registered when they are allocated for, before the forward pass fills them: that pass stores every
/// key before any query reads (see <c>Layers/Attention</c>), so even a request of the same step may share them. What a preempted
/// request has registered but not computed is forgotten again.
/// <para>A block is written by one request only: full blocks are never written again, and whoever first writes into a partial one that it shares
/// with its fork gets a copy.</para>
/// </summary>
public sealed class KVCacheManager(BlockPool pool, int blockSize, bool enablePrefixCaching, IBlockTier? tier = null)
{
    /// <summary>In <see cref="hits"/>: held by the second tier.</summary>
    private const int InTier = -1;
    private readonly List<int> hits = [];

    public BlockPool Pool => pool;

    public int BlockSize => blockSize;

    /// <summary>What the step that is being scheduled has to move.</summary>
    public BlockMoves Moves { get; } = new();

    /// <summary>Null: there is no second tier.</summary>
    public BlockTierStats? TierStats => tier?.Stats;

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
    /// <returns>Tokens that need not be computed, how many of them come from the second tier, and those to compute now. Null: no room, and nothing has changed.</returns>
    public (int CachedTokens, int TierTokens, int NewTokens)? TryAdmit(Request request, int maxNewTokens, int reservedBlocks)
    {
        FindComputedBlocks(request);
        var needed = BlocksFor(request.NumTokens) - hits.Count + reservedBlocks;
        var inTier = 0;
        foreach (var block in hits)
        {
            needed += block == InTier || pool.IsFree(block) ? 1 : 0;
            inTier += block == InTier ? 1 : 0;
        }

        if (needed > pool.FreeCount)
        {
            return null;
        }

        // First all that is in the pool is taken, so that no allocation evicts it.
        foreach (var block in hits)
        {
            if (block != InTier)
            {
                pool.Touch(block);
            }

            request.Blocks.Add(block);
        }

        for (var i = 0; i < request.Blocks.Count; i++)
        {
            if (request.Blocks[i] == InTier)
            {
                request.Blocks[i] = LoadFromTier(request.BlockHashes[i]);
            }
        }

        request.NumRegisteredBlocks = hits.Count;
        var cached = hits.Count * blockSize;
        var newTokens = Math.Min(request.NumTokens - cached, maxNewTokens);
        Extend(request, cached + newTokens);
        return (cached, inTier * blockSize, newTokens);
    }

    /// <summary>Blocks for the next <paramref name="newTokens"/> tokens after the computed ones.</summary>
    /// <returns>False: no room, and nothing has changed.</returns>
    public bool TryAllocateSlots(Request request, int newTokens)
    {
        var first = request.NumComputedTokens;
        var table = request.Blocks;
        var written = first / blockSize;
        var copies = written < table.Count && pool.References(table[written]) > 1;
        if (BlocksFor(first + newTokens) - table.Count + (copies ? 1 : 0) > pool.FreeCount)
        {
            return false;
        }

        if (copies)
        {
            var own = Allocate();
            Moves.Copy(table[written], own);
            pool.Free(table[written]);
            table[written] = own;
        }

        Extend(request, first + newTokens);
        return true;
    }

    /// <summary>Gives a fork its parent's blocks of the prompt, a partial last one included. Costs no block until one of them writes.</summary>
    /// <param name="tokens">Length of the prompt, computed or about to be in this step.</param>
    public void Fork(Request parent, Request fork, int tokens)
    {
        for (var i = 0; i < BlocksFor(tokens); i++)
        {
            pool.Touch(parent.Blocks[i]);
            fork.Blocks.Add(parent.Blocks[i]);
        }

        for (var i = fork.BlockHashes.Count; i < Math.Min(tokens / blockSize, parent.BlockHashes.Count); i++)
        {
            fork.BlockHashes.Add(parent.BlockHashes[i]);
        }

        fork.NumRegisteredBlocks = tokens / blockSize;
    }

    /// <summary>Takes all blocks from a request; their content stays findable until they are reused.</summary>
    /// <param name="uncomputedFrom">Tokens from here on were given blocks but will not be computed: those blocks are forgotten.</param>
    public void Free(Request request, int uncomputedFrom)
    {
        for (var i = uncomputedFrom / blockSize; i < request.Blocks.Count; i++)
        {
            pool.Unregister(request.Blocks[i]);
        }

        pool.Free(CollectionsMarshal.AsSpan(request.Blocks));
        request.Blocks.Clear();
        request.NumRegisteredBlocks = 0;
    }

    /// <summary>Slots of a request's blocks that hold no token. A shared block's are divided among its users.</summary>
    public double UnusedSlots(Request request)
    {
        var last = request.NumComputedTokens / blockSize;
        var unused = ((double)request.Blocks.Count * blockSize) - request.NumComputedTokens;
        return last < request.Blocks.Count ? unused / pool.References(request.Blocks[last]) : unused;
    }

    /// <summary>Computed tokens that nobody else holds: what preempting the request would lose. And whether it would free a block at all.</summary>
    /// <param name="enough">Counting ends above this, since long tables take long to count.</param>
    public (int LostTokens, bool FreesBlocks) CostOfPreempting(Request request, int enough = int.MaxValue)
    {
        var lost = 0;
        var frees = false;
        for (var i = request.Blocks.Count - 1; i >= 0 && lost <= enough; i--)
        {
            if (pool.References(request.Blocks[i]) == 1)
            {
                lost += Math.Clamp(request.NumComputedTokens - (i * blockSize), 0, blockSize);
                frees = true;
            }
        }

        return (lost, frees);
    }

    /// <summary>Makes everything unfindable, in the second tier too.</summary>
    public void Reset()
    {
        pool.UnregisterAll();
        tier?.Clear();
    }

    private int Allocate()
    {
        var block = pool.Allocate(out var evicted);
        if (tier is not null && evicted is { } hash)
        {
            Moves.Store(hash, block);
        }

        return block;
    }

    private int LoadFromTier(in BlockHash hash)
    {
        var block = Allocate();
        pool.Register(block, hash);
        Moves.Load(hash, block);
        return block;
    }

    private void Extend(Request request, int tokens)
    {
        for (var i = BlocksFor(tokens) - request.Blocks.Count; i > 0; i--)
        {
            request.Blocks.Add(Allocate());
        }

        if (!enablePrefixCaching)
        {
            return;
        }

        // Drafts are no content: what they will have become is registered by a later step.
        for (var full = Math.Min(tokens, request.NumTokens) / blockSize; request.NumRegisteredBlocks < full; request.NumRegisteredBlocks++)
        {
            pool.Register(request.Blocks[request.NumRegisteredBlocks], HashOf(request, request.NumRegisteredBlocks));
        }
    }

    private void FindComputedBlocks(Request request)
    {
        hits.Clear();
        if (!enablePrefixCaching || request.NeedsWholePrompt)
        {
            return;
        }

        var most = (request.NumTokens - 1) / blockSize;
        for (var i = 0; i < most; i++)
        {
            var hash = HashOf(request, i);
            if (pool.TryFind(hash, out var block))
            {
                hits.Add(block);
            }
            else if (tier is not null && tier.Contains(hash))
            {
                hits.Add(InTier);
            }
            else
            {
                return;
            }
        }
    }

    private BlockHash HashOf(Request request, int block)
    {
        for (var i = request.BlockHashes.Count; i <= block; i++)
        {
            var tokens = request.Tokens.Slice(i * blockSize, blockSize);
            request.BlockHashes.Add(i == 0 ? BlockHash.First(tokens, request.ExtraKeys) : BlockHash.Next(request.BlockHashes[i - 1], tokens));
        }

        return request.BlockHashes[block];
    }
}
