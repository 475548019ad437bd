using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

/// <summary>A second tier for tests: contents in arrays, least recently used dropped beyond a number of blocks. Breaks with an exception what breaks the contract.</summary>
internal sealed class HostBlockTier(int capacity) : IBlockTier
{
    private readonly Dictionary<BlockHash, byte[]> contents = [];
    private readonly LinkedList<BlockHash> recent = [];
    private IReadOnlyList<KeyValueBlocks> layers = [];
    private long stores;

    public int Count => contents.Count;

    public int Loaded { get; private set; }

    public bool Disposed { get; private set; }

    public BlockTierStats Stats => new(capacity, contents.Count, contents.Values.FirstOrDefault()?.Length ?? 0, stores, Loaded);

    public void Attach(IReadOnlyList<KeyValueBlocks> layers) => this.layers = layers;

    public bool Contains(in BlockHash hash) => contents.ContainsKey(hash);

    public void Transfer(ReadOnlySpan<BlockTransfer> stores, ReadOnlySpan<BlockTransfer> loads)
    {
        this.stores += stores.Length;
        var stored = new List<(BlockHash Hash, byte[] Content)>();
        foreach (var (hash, block) in stores)
        {
            stored.Add((hash, [.. Parts(layers).SelectMany(part => Block(part, block).ToArray())]));
        }

        foreach (var (hash, block) in loads)
        {
            var content = contents[hash].AsSpan();
            foreach (var part in Parts(layers))
            {
                var place = Block(part, block);
                content[..place.Length].CopyTo(place);
                content = content[place.Length..];
            }

            Touch(hash);
            Loaded++;
        }

        foreach (var (hash, content) in stored)
        {
            if (contents.TryGetValue(hash, out var known))
            {
                known.AsSpan().SequenceEqual(content).Should().BeTrue("one name stands for one content, bit for bit");
            }

            contents[hash] = content;
            Touch(hash);
        }

        while (contents.Count > capacity)
        {
            contents.Remove(recent.Last!.Value);
            recent.RemoveLast();
        }
    }

    public void Clear()
    {
        contents.Clear();
        recent.Clear();
    }

    /// <summary>Makes every content wrong, as a broken memory would.</summary>
    public void Corrupt()
    {
        foreach (var content in contents.Values)
        {
            content.AsSpan().Reverse();
        }
    }

    public void Dispose() => Disposed = true;

    private static IEnumerable<(Tensor Tensor, int NumBlocks)> Parts(IReadOnlyList<KeyValueBlocks> layers) =>
        layers.SelectMany(layer => layer.Parts.Select(part => (part, layer.NumBlocks)));

    private static Span<byte> Block((Tensor Tensor, int NumBlocks) part, int block)
    {
        var all = part.Tensor.DType.Size() switch
        {
            1 => part.Tensor.AsSpan<byte>(),
            2 => MemoryMarshal.AsBytes(part.Tensor.AsSpan<ushort>()),
            _ => MemoryMarshal.AsBytes(part.Tensor.AsSpan<float>()),
        };
        var size = all.Length / part.NumBlocks;
        return all.Slice(block * size, size);
    }

    private void Touch(BlockHash hash)
    {
        recent.Remove(hash);
        recent.AddFirst(hash);
    }
}
