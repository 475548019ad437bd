using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <content>Keys and values in blocks.</content>
public sealed unsafe partial class CudaBackend
{
    public long KeyValueBlockBytes(int kvHeads, int headDim, int blockSize, DType dtype)
    {
        Arguments.Blocks(1, kvHeads, headDim, blockSize, dtype, float16: true);
        return new KeyValueBlockLayout(kvHeads, headDim, blockSize, dtype).BlockBytes;
    }

    public KeyValueBlocks AllocateKeyValueBlocks(int numBlocks, int kvHeads, int headDim, int blockSize, DType dtype = DType.Float32)
    {
        Arguments.Blocks(numBlocks, kvHeads, headDim, blockSize, dtype, float16: true);
        Arguments.That((long)numBlocks * blockSize <= int.MaxValue, $"{numBlocks} blocks of {blockSize} slots");
        launcher.PrepareAttention(headDim, dtype);
        var layout = new KeyValueBlockLayout(kvHeads, headDim, blockSize, dtype);
        var shape = new TensorShape(numBlocks, checked((int)layout.ElementsPerBlock));
        var made = new List<Tensor>();
        try
        {
            made.Add(Allocate(shape, dtype, CudaMemoryPurpose.KeyValues));
            made.Add(Allocate(shape, dtype, CudaMemoryPurpose.KeyValues));
            if (layout.ScalesPerBlock > 0)
            {
                made.Add(Allocate(new TensorShape(numBlocks, layout.ScalesPerBlock), DType.Float32, CudaMemoryPurpose.KeyValues));
            }

            return new KeyValueBlocks(made[0], made[1], made.Count > 2 ? made[2] : null, dtype, numBlocks, kvHeads, headDim, blockSize);
        }
        catch
        {
            made.ForEach(part => part.Memory.Dispose());
            throw;
        }
    }

    public void StoreKeyValues(in Tensor keys, in Tensor values, KeyValueBlocks blocks, in Tensor slots) => launcher.StoreKeyValues(keys, values, blocks, slots);

    public void CopyBlocks(IReadOnlyList<KeyValueBlocks> layers, ReadOnlySpan<BlockCopy> copies)
    {
        if (copies.IsEmpty || layers.Count == 0)
        {
            return;
        }

        // Addresses, then sizes, then the copies: one upload. The stream keeps it from coming before what still reads the one before.
        var parts = layers.Sum(layer => layer.Parts.Count);
        var list = new long[(2 * parts) + copies.Length];
        var place = 0;
        foreach (var layer in layers)
        {
            Arguments.Copies(layer, copies);
            foreach (var part in layer.Parts)
            {
                list[place] = (nint)part.Pointer<byte>();
                list[parts + place++] = part.Shape.ElementCount / layer.NumBlocks * part.DType.Size();
            }
        }

        MemoryMarshal.Cast<BlockCopy, long>(copies).CopyTo(list.AsSpan(2 * parts));
        var memory = moves.Of(new TensorShape(2 * list.Length), DType.Int32);
        CopyToDevice<int>(MemoryMarshal.Cast<long, int>(list.AsSpan()), memory);
        var pairs = memory.Rows(4 * parts, 2 * copies.Length);
        var first = 0;
        foreach (var count in BlockCopyWaves.Plan(copies))
        {
            launcher.CopyBlocks(memory.Memory.Address, memory.Memory.Address + (sizeof(long) * parts), parts, pairs, first, count);
            first += count;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Which kernel computes a row depends on its own sequence's number of queries, the head size and the blocks' type alone. <see cref="PagedSequences.MaxQueryLength"/> spares a launch where no
    /// sequence has many queries.
    /// </remarks>
    public void PagedAttention(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output)
    {
        var decodes = KernelLauncher.HasDecodeAttention(blocks.HeadDim, blocks.DType) && options.Scale > 0;
        if (decodes)
        {
            launcher.DecodeAttention(queries, blocks, sequences, options, output, partials);
        }

        if (decodes && KernelLauncher.MaxQueries(queries, sequences) <= AttentionSplits.MaxQueries)
        {
            return;
        }

        var moreThan = decodes ? AttentionSplits.MaxQueries : 0;
        if (KernelLauncher.HasPrefill(blocks) && options.Scale > 0)
        {
            launcher.PrefillAttention(queries, blocks, sequences, options, output, moreThan);
        }
        else
        {
            launcher.GeneralAttention(queries, blocks, sequences, options, output, moreThan);
        }
    }
}
