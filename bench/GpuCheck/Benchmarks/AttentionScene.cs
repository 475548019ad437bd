using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>Sequences of equal length with filled blocks in any order, and queries for the last of their tokens.</summary>
internal sealed class AttentionScene : IDisposable
{
    public const int KVHeads = 8;
    private const int BlockSize = 16;
    private const int StoredAtOnce = 8192;
    private readonly BenchDevice device;
    private readonly KeyValueBlocks blocks;
    private readonly Tensor queries;
    private readonly Tensor output;
    private readonly PagedSequences sequences;
    private readonly AttentionOptions options;
    private readonly Tensor positions;
    private readonly Tensor slots;
    private readonly RotaryTable rotary;

    public AttentionScene(BenchDevice device, int batch, int length, int queriesEach, int headDim, DType dtype)
    {
        this.device = device;
        Heads = HeadsOf(headDim);
        var perSequence = (length + BlockSize - 1) / BlockSize;
        var count = batch * perSequence;
        blocks = device.Backend.AllocateKeyValueBlocks(count, KVHeads, headDim, BlockSize, dtype);
        Fill(count, headDim);
        var tables = new int[count];
        for (var i = 0; i < count; i++)
        {
            tables[i] = i;
        }

        new Random(3).Shuffle(tables);
        var activations = dtype == DType.Float16 ? DType.Float16 : DType.BFloat16;
        queries = device.Random(new TensorShape(batch * queriesEach, Heads * headDim), activations, 5);
        output = device.Empty(queries.Shape, activations);
        var table = device.Ints(tables);
        sequences = new PagedSequences(
            device.Ints([.. Enumerable.Range(0, batch + 1).Select(i => i * queriesEach)]),
            device.Ints([.. Enumerable.Repeat(length, batch)]),
            new Tensor(table.Memory, 0, new TensorShape(batch, perSequence), DType.Int32))
        {
            MaxQueryLength = queriesEach,
            MaxSequenceLength = length,
        };
        options = new AttentionOptions(1 / MathF.Sqrt(headDim));
        var last = Enumerable.Range(0, batch);
        positions = device.Ints([.. last.Select(_ => length - 1)]);
        slots = device.Ints([.. last.Select(i => (tables[((i + 1) * perSequence) - 1] * BlockSize) + ((length - 1) % BlockSize))]);
        rotary = new RotaryTable(device.Random(new TensorShape(length, headDim), DType.Float32), false);
        KeyValueBytes = (double)batch * length * KVHeads * ((2.0 * headDim * dtype.Size()) + (blocks.Scales is null ? 0 : 8));
    }

    public int Heads { get; }

    /// <summary>[queries, heads * D].</summary>
    public Tensor Output => output;

    /// <summary>Of keys, values and scales that are read.</summary>
    public double KeyValueBytes { get; }

    /// <summary>Llama 3's at 128 and 64; as many in all as fit a hidden size of 4096.</summary>
    public static int HeadsOf(int headDim) => headDim <= 128 ? 32 : 16;

    public void Attend() => device.Backend.PagedAttention(queries, blocks, sequences, options, output);

    /// <summary>What a step does before it attends: of the last token of each sequence.</summary>
    /// <param name="projected">[batch, (heads + 2 KVHeads) * D].</param>
    public void RotateAndStore(in Tensor projected) => device.Backend.RotateAndStore(projected, null, positions, rotary, blocks, slots);

    public void Dispose()
    {
        blocks.Dispose();
        device.Release();
    }

    private void Fill(int count, int headDim)
    {
        var tokens = Math.Min(StoredAtOnce, count * BlockSize);
        Tensor keys = device.Random(new TensorShape(tokens, KVHeads * headDim), DType.Float32, 11), values = device.Random(new TensorShape(tokens, KVHeads * headDim), DType.Float32, 12);
        var slots = new int[tokens];
        for (var first = 0; first < count * BlockSize; first += tokens)
        {
            for (var i = 0; i < tokens; i++)
            {
                // What is past the end stores nothing.
                slots[i] = first + i < count * BlockSize ? first + i : -1;
            }

            device.Backend.StoreKeyValues(keys, values, blocks, device.Ints(slots));
        }
    }
}
