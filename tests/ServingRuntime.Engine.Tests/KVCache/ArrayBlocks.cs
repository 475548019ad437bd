using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

/// <summary>Places in arrays, for blocks in ordinary memory.</summary>
internal sealed class ArrayBlocks : IBlockSwapping, IHostBlocks
{
    private IReadOnlyList<KeyValueBlocks> layers = [];
    private byte[][] places = [];

    public int Count => places.Length;

    public int Loads { get; private set; }

    public bool Disposed { get; private set; }

    public long HostBlockBytes(IReadOnlyList<KeyValueBlocks> of) => of.Sum(layer => layer.Parts.Sum(part => part.Memory.Bytes / layer.NumBlocks));

    public IHostBlocks AllocateHostBlocks(IReadOnlyList<KeyValueBlocks> of, int count)
    {
        (layers, places) = (of, new byte[count][]);
        return this;
    }

    public void Store(ReadOnlySpan<BlockCopy> copies)
    {
        foreach (var (block, place) in copies)
        {
            var content = new List<byte>();
            foreach (var (part, blocks) in layers.SelectMany(layer => layer.Parts.Select(part => (part, layer.NumBlocks))))
            {
                content.AddRange(Block(part, blocks, block));
            }

            places[place] = [.. content];
        }
    }

    public void Load(ReadOnlySpan<BlockCopy> copies)
    {
        foreach (var (place, block) in copies)
        {
            var content = places[place].AsSpan();
            foreach (var (part, blocks) in layers.SelectMany(layer => layer.Parts.Select(part => (part, layer.NumBlocks))))
            {
                var to = Block(part, blocks, block);
                content[..to.Length].CopyTo(to);
                content = content[to.Length..];
            }

            Loads++;
        }
    }

    public void Dispose() => Disposed = true;

    private static Span<byte> Block(Tensor part, int blocks, int block)
    {
        var all = part.DType.Size() == 2 ? MemoryMarshal.AsBytes(part.AsSpan<ushort>()) : MemoryMarshal.AsBytes(part.AsSpan<float>());
        return all.Slice(block * (all.Length / blocks), all.Length / blocks);
    }
}
