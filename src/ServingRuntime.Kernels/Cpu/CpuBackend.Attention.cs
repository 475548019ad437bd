using Octavo.ServingRuntime.Kernels.Cpu.Attention;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Keys and values in blocks, and attention over them.</content>
public sealed unsafe partial class CpuBackend
{
    private readonly Action<int, int> attentionSection;
    private readonly Action<int, int> combineSection;
    private readonly Action<int, int> storeSection;
    private readonly AttentionPlan plan = new();
    private readonly TileAttention? tileAttention;
    private AttentionArguments attention;
    private StoreCall store;
    private CpuMemory? attentionMemory;
    private CpuMemory? partialMemory;
    private int nextPiece;

    public long KeyValueBlockBytes(int kvHeads, int headDim, int blockSize, DType dtype)
    {
        Arguments.Blocks(1, kvHeads, headDim, blockSize, dtype);
        return new KeyValueLayout(kvHeads, headDim, blockSize, dtype).BlockBytes;
    }

    public KeyValueBlocks AllocateKeyValueBlocks(int numBlocks, int kvHeads, int headDim, int blockSize, DType dtype)
    {
        Arguments.Blocks(numBlocks, kvHeads, headDim, blockSize, dtype);
        var layout = new KeyValueLayout(kvHeads, headDim, blockSize, dtype);
        Tensor Part(int bytesPerHead) => Allocate(new TensorShape(numBlocks, kvHeads, bytesPerHead / dtype.Size()), dtype);
        return new KeyValueBlocks(
            Part(layout.KeyBytes), Part(layout.ValueBytes), layout.HasScales ? Allocate(new TensorShape(numBlocks, layout.ScalesPerBlock), DType.Float32) : null,
            dtype, numBlocks, kvHeads, headDim, blockSize);
    }

    public void StoreKeyValues(in Tensor keys, in Tensor values, KeyValueBlocks blocks, in Tensor slots)
    {
        int width = blocks.KVHeads * blocks.HeadDim, count = keys.Shape[0];
        Arguments.Matrix(keys, count, width);
        Arguments.Matrix(values, count, width);
        Arguments.Vector(slots, DType.Int32, count);
        store = new StoreCall
        {
            Layout = Layout(blocks), Count = count, Slots = slots.Pointer<int>(), Keys = keys.Pointer<float>(), KeyStride = keys.RowStride,
            Values = values.Pointer<float>(), ValueStride = values.RowStride,
            KeyBlocks = blocks.Keys.Pointer<byte>(), ValueBlocks = blocks.Values.Pointer<byte>(), Scales = Scales(blocks),
        };
        for (var t = 0; t < count; t++)
        {
            Arguments.That((uint)store.Slots[t] < (long)blocks.NumBlocks * blocks.BlockSize, $"slot {store.Slots[t]} is outside of {blocks.NumBlocks} blocks");
        }

        Run(storeSection, 40L * count * width);
    }

    public void CopyBlocks(IReadOnlyList<KeyValueBlocks> layers, ReadOnlySpan<BlockCopy> copies)
    {
        for (var i = 0; i < layers.Count; i++)
        {
            var layer = layers[i];
            Arguments.Copies(layer, copies);
            for (var p = 0; p < layer.Parts.Count; p++)
            {
                var part = layer.Parts[p];
                var bytes = part.Shape.ElementCount / layer.NumBlocks * part.DType.Size();
                var memory = part.Pointer<byte>();
                foreach (var (source, destination) in copies)
                {
                    Buffer.MemoryCopy(memory + (source * bytes), memory + (destination * bytes), bytes, bytes);
                }
            }
        }
    }

    public void PagedAttention(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output)
    {
        Arguments.Attention(queries, blocks, sequences, options, output);
        if (sequences.Groups is not null)
        {
            throw new NotSupportedException("tables by groups of KV heads are not built for the CPU");
        }

        attention = new AttentionArguments
        {
            Queries = queries.Pointer<float>(), QueryStride = queries.RowStride, Output = output.Pointer<float>(), OutputStride = output.RowStride,
            Layout = Layout(blocks), Keys = blocks.Keys.Pointer<byte>(), Values = blocks.Values.Pointer<byte>(), Scales = Scales(blocks),
            QueryStarts = sequences.QueryStarts.Pointer<int>(), SequenceLengths = sequences.SequenceLengths.Pointer<int>(),
            BlockTables = sequences.BlockTables.Pointer<int>(), BlockTableStride = sequences.BlockTables.RowStride, Sequences = sequences.Count,
            Group = queries.Shape[1] / (blocks.HeadDim * blocks.KVHeads), Scale = options.Scale, SlidingWindow = options.SlidingWindow, SoftCap = options.SoftCap,
        };
        long work = 0;
        for (var s = 0; s < sequences.Count; s++)
        {
            var seen = options.SlidingWindow > 0 ? Math.Min(options.SlidingWindow, attention.SequenceLengths[s]) : attention.SequenceLengths[s];
            work += (long)(attention.QueryStarts[s + 1] - attention.QueryStarts[s]) * seen;
        }

        work *= 3 * queries.Shape[1];
        plan.Build(attention, work < ParallelThreshold ? 1 : team.Size);
        Reserve(ref attentionMemory, AttentionTile.Elements(attention.Layout, attention.Group) * team.Size);
        if (plan.BySplit)
        {
            Reserve(ref partialMemory, plan.PartialElements);
            attention.Partials = (float*)partialMemory!.Address;
        }

        nextPiece = 0;
        RunThreads(attentionSection, work);
        if (plan.BySplit)
        {
            Run(combineSection, plan.PartialElements);
        }
    }

    /// <summary>A part is a thread that takes pieces until none is left, with memory of its own.</summary>
    private void RunAttention(int part, int parts)
    {
        var elements = AttentionTile.Elements(attention.Layout, attention.Group);
        var tile = new AttentionTile((float*)attentionMemory!.Address + (part * elements), attention.Layout, attention.Group);
        for (var piece = Interlocked.Increment(ref nextPiece) - 1; piece < plan.Pieces; piece = Interlocked.Increment(ref nextPiece) - 1)
        {
            var (unit, range) = plan.Piece(piece);
            if (tileAttention is not null && attention.Layout.DType != DType.Float32)
            {
                tileAttention.Run(in attention, plan[unit], in tile, range);
            }
            else
            {
                kernels.PagedAttention(in attention, plan[unit], in tile, range);
            }
        }
    }

    private void CombineAttention(int part, int parts)
    {
        for (var unit = part; unit < plan.Units; unit += parts)
        {
            kernels.CombineAttention(in attention, plan[unit]);
        }
    }

    private void StoreKeyValues(int part, int parts)
    {
        var layout = store.Layout;
        var (begin, end) = PartRanges.Split(store.Count, part, parts);
        for (var t = begin; t < end; t++)
        {
            var (block, slot) = Math.DivRem(store.Slots[t], layout.BlockSize);
            for (var head = 0; head < layout.KVHeads; head++)
            {
                var place = ((nint)block * layout.KVHeads) + head;
                var scale = store.Scales is null ? null : store.Scales + ((nint)block * layout.ScalesPerBlock) + (head * layout.BlockSize) + slot;
                KeyValueWriter.WriteKey(layout, store.Keys + ((nint)t * store.KeyStride) + (head * layout.HeadDim), store.KeyBlocks + (place * layout.KeyBytes), slot, scale);
                scale = scale is null ? null : scale + (layout.KVHeads * layout.BlockSize);
                KeyValueWriter.WriteValue(layout, store.Values + ((nint)t * store.ValueStride) + (head * layout.HeadDim), store.ValueBlocks + (place * layout.ValueBytes), slot, scale);
            }
        }
    }

    private static KeyValueLayout Layout(KeyValueBlocks blocks) => new(blocks.KVHeads, blocks.HeadDim, blocks.BlockSize, blocks.DType);

    private static float* Scales(KeyValueBlocks blocks) => blocks.Scales is { } scales ? scales.Pointer<float>() : null;

    /// <summary>Memory of at least so many float32 elements, kept for later calls.</summary>
    private static void Reserve(ref CpuMemory? memory, long elements)
    {
        if (memory is null || memory.Bytes < elements * sizeof(float))
        {
            memory?.Dispose();
            memory = new CpuMemory(checked(elements * sizeof(float)));
        }
    }

    private struct StoreCall
    {
        public KeyValueLayout Layout;
        public int Count;
        public int* Slots;
        public float* Keys;
        public int KeyStride;
        public float* Values;
        public int ValueStride;
        public byte* KeyBlocks;
        public byte* ValueBlocks;
        public float* Scales;
    }
}
