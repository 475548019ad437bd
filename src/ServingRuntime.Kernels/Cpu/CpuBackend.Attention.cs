using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Keys and values in blocks, and attention over them.</content>
public sealed unsafe partial class CpuBackend
{
    public KeyValueBlocks AllocateKeyValueBlocks(int numBlocks, int kvHeads, int headDim, int blockSize)
    {
        Arguments.Blocks(numBlocks, kvHeads, headDim, blockSize);
        return new KeyValueBlocks(
            Allocate(new TensorShape(numBlocks, kvHeads, headDim, blockSize), DType.Float32),
            Allocate(new TensorShape(numBlocks, kvHeads, blockSize, Cpu.PagedAttention.ValueWidth(headDim)), DType.Float32),
            numBlocks, kvHeads, headDim, blockSize);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void StoreKeyValues(in Tensor keys, in Tensor values, KeyValueBlocks blocks, in Tensor slots)
    {
        int width = blocks.KVHeads * blocks.HeadDim, size = blocks.BlockSize;
        Arguments.Matrix(keys, keys.Shape[0], width);
        Arguments.Matrix(values, keys.Shape[0], width);
        Arguments.Vector(slots, DType.Int32, keys.Shape[0]);
        float* keyCache = blocks.Keys.Pointer<float>(), valueCache = blocks.Values.Pointer<float>();
        for (var t = 0; t < keys.Shape[0]; t++)
        {
            var slot = slots.Pointer<int>()[t];
            Arguments.That((uint)slot < (long)blocks.NumBlocks * size, $"slot {slot} is outside of {blocks.NumBlocks} blocks");
            float* key = keys.Pointer<float>() + ((nint)t * keys.RowStride), value = values.Pointer<float>() + ((nint)t * values.RowStride);
            var block = (nint)(slot / size) * width * size;
            var offset = slot % size;
            var valueWidth = blocks.Values.Shape[3];
            for (var i = 0; i < width; i++)
            {
                keyCache[block + ((nint)i * size) + offset] = key[i];
            }

            for (var head = 0; head < blocks.KVHeads; head++)
            {
                var to = valueCache + (((((nint)(slot / size) * blocks.KVHeads) + head) * size) + offset) * valueWidth;
                new ReadOnlySpan<float>(value + (head * blocks.HeadDim), blocks.HeadDim).CopyTo(new Span<float>(to, blocks.HeadDim));
            }
        }
    }

    public void CopyBlocks(IReadOnlyList<KeyValueBlocks> layers, ReadOnlySpan<BlockCopy> copies)
    {
        for (var i = 0; i < layers.Count; i++)
        {
            var layer = layers[i];
            Arguments.Copies(layer, copies);
            var keyBytes = layer.Keys.Shape.ElementCount / layer.NumBlocks * sizeof(float);
            var valueBytes = layer.Values.Shape.ElementCount / layer.NumBlocks * sizeof(float);
            byte* keys = (byte*)layer.Keys.Pointer<float>(), values = (byte*)layer.Values.Pointer<float>();
            foreach (var (source, destination) in copies)
            {
                Buffer.MemoryCopy(keys + (source * keyBytes), keys + (destination * keyBytes), keyBytes, keyBytes);
                Buffer.MemoryCopy(values + (source * valueBytes), values + (destination * valueBytes), valueBytes, valueBytes);
            }
        }
    }

    public void PagedAttention(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output)
    {
        Arguments.Attention(queries, blocks, sequences, output);
        attention = new AttentionArguments
        {
            Queries = queries.Pointer<float>(), QueryStride = queries.RowStride, Output = output.Pointer<float>(), OutputStride = output.RowStride,
            Keys = blocks.Keys.Pointer<float>(), Values = blocks.Values.Pointer<float>(),
            QueryStarts = sequences.QueryStarts.Pointer<int>(), SequenceLengths = sequences.SequenceLengths.Pointer<int>(),
            BlockTables = sequences.BlockTables.Pointer<int>(), BlockTableStride = sequences.BlockTables.RowStride, Sequences = sequences.Count,
            Heads = queries.Shape[1] / blocks.HeadDim, KVHeads = blocks.KVHeads, HeadDim = blocks.HeadDim, ValueWidth = blocks.Values.Shape[3], BlockSize = blocks.BlockSize,
            Scale = options.Scale, SlidingWindow = options.SlidingWindow, SoftCap = options.SoftCap,
        };
        long work = 0;
        for (var s = 0; s < sequences.Count; s++)
        {
            var seen = options.SlidingWindow > 0 ? Math.Min(options.SlidingWindow, attention.SequenceLengths[s]) : attention.SequenceLengths[s];
            work += (long)(attention.QueryStarts[s + 1] - attention.QueryStarts[s]) * seen;
        }

        Run(attentionSection, 6 * work * queries.Shape[1]);
    }

    private void RunAttention(int part, int parts) => kernels.PagedAttention(in attention, part, parts);
}
