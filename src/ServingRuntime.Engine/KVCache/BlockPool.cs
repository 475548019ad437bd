namespace Octavo.ServingRuntime.Engine.KVCache;

/// <summary>
/// Reference counts, the free list and the prefix index of all KV blocks. Block 0 is the null block: it pads block tables and is never given out.
/// The free list is a doubly linked list inside two arrays, least recently used first; a block there may still be found by its hash and
/// taken back. Blocks without a hash are worth nothing and are reused first.
/// </summary>
public sealed class BlockPool
{
    /// <summary>Never allocated, never freed; also both ends of the free list.</summary>
    public const int NullBlock = 0;

    private const int NotFree = -1;
    private readonly int[] references;
    private readonly int[] next;
    private readonly int[] previous;
    private readonly BlockHash?[] hashes;
    private readonly Dictionary<BlockHash, int> index;

    public BlockPool(int numBlocks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numBlocks, 2);
        references = new int[numBlocks];
        next = new int[numBlocks];
        previous = new int[numBlocks];
        hashes = new BlockHash?[numBlocks];

        // All that it will ever hold: it never grows in the middle of a step.
        index = new Dictionary<BlockHash, int>(numBlocks);
        references[NullBlock] = 1;
        for (var block = 1; block < numBlocks; block++)
        {
            Append(block);
        }
    }

    /// <summary>Null block included.</summary>
    public int NumBlocks => references.Length;

    public int FreeCount { get; private set; }

    /// <summary>Blocks that some request holds, the null block not counted.</summary>
    public int UsedCount => NumBlocks - 1 - FreeCount;

    /// <summary>Part of the blocks in use, 0..1.</summary>
    public double Usage => (double)UsedCount / (NumBlocks - 1);

    public int References(int block) => references[block];

    public bool IsFree(int block) => references[block] == 0;

    /// <summary>The least recently used free block, its old content forgotten. There must be one.</summary>
    public int Allocate() => Allocate(out _);

    /// <inheritdoc cref="Allocate()"/>
    /// <param name="evicted">Name of the content, which is still there until the block is written.</param>
    public int Allocate(out BlockHash? evicted)
    {
        var block = next[NullBlock];
        if (block == NullBlock)
        {
            throw new InvalidOperationException("no free block");
        }

        Unlink(block);
        evicted = hashes[block];
        Unregister(block);
        references[block] = 1;
        return block;
    }

    /// <summary>One more user of a block found by its hash.</summary>
    public void Touch(int block)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(block, NullBlock);
        if (references[block]++ == 0)
        {
            Unlink(block);
        }
    }

    /// <summary>One user less of each. Frees the last block first, so that the tail of a sequence is evicted before its head.</summary>
    public void Free(ReadOnlySpan<int> blocks)
    {
        for (var i = blocks.Length - 1; i >= 0; i--)
        {
            Free(blocks[i]);
        }
    }

    /// <summary>One user less.</summary>
    public void Free(int block)
    {
        if (block == NullBlock || references[block] == 0)
        {
            throw new InvalidOperationException($"block {block} is not in use");
        }

        if (--references[block] > 0)
        {
            return;
        }

        if (hashes[block] is null)
        {
            Prepend(block);
        }
        else
        {
            Append(block);
        }
    }

    /// <summary>Whether its content can be found by a hash.</summary>
    public bool IsKnown(int block) => hashes[block] is not null;

    public bool TryFind(in BlockHash hash, out int block) => index.TryGetValue(hash, out block);

    /// <summary>
    /// Makes a full block findable. Where another block already holds the same content (two requests computed it side by side), that one stays the
    /// known one and this one is used by its request alone: block tables only ever grow at their end.
    /// </summary>
    public void Register(int block, in BlockHash hash)
    {
        if (hashes[block] is null && index.TryAdd(hash, block))
        {
            hashes[block] = hash;
        }
    }

    /// <summary>Forgets what a block holds.</summary>
    public void Unregister(int block)
    {
        if (hashes[block] is { } hash)
        {
            index.Remove(hash);
            hashes[block] = null;
        }
    }

    /// <summary>Forgets what every block holds; users keep their blocks, but nobody finds them any more.</summary>
    public void UnregisterAll()
    {
        for (var block = 1; block < NumBlocks; block++)
        {
            Unregister(block);
        }
    }

    /// <exception cref="InvalidOperationException">Counts, list and index contradict one another: a bug.</exception>
    public void CheckIntegrity()
    {
        Require(references[NullBlock] == 1 && hashes[NullBlock] is null, "the null block changed");
        var seen = new bool[NumBlocks];
        var count = 0;
        for (int block = next[NullBlock], before = NullBlock; block != NullBlock; before = block, block = next[block])
        {
            Require(!seen[block], $"block {block} is twice in the free list");
            Require(previous[block] == before, $"block {block} has a wrong back link");
            Require(references[block] == 0, $"free block {block} has {references[block]} users");
            seen[block] = true;
            count++;
        }

        Require(count == FreeCount, $"{count} blocks in the free list, {FreeCount} counted");
        for (var block = 1; block < NumBlocks; block++)
        {
            Require(references[block] >= 0, $"block {block} has {references[block]} users");
            Require(seen[block] == (references[block] == 0), $"block {block} is lost");
            Require(hashes[block] is not { } hash || (index.TryGetValue(hash, out var known) && known == block), $"block {block} is not indexed");
        }

        Require(index.Count == hashes.Count(hash => hash is not null), "the index knows blocks that have no hash");
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"block pool: {fault}");
        }
    }

    private void Append(int block) => Link(block, previous[NullBlock], NullBlock);

    private void Prepend(int block) => Link(block, NullBlock, next[NullBlock]);

    private void Link(int block, int before, int after)
    {
        previous[block] = before;
        next[block] = after;
        next[before] = block;
        previous[after] = block;
        FreeCount++;
    }

    private void Unlink(int block)
    {
        next[previous[block]] = next[block];
        previous[next[block]] = previous[block];
        next[block] = previous[block] = NotFree;
        FreeCount--;
    }
}
