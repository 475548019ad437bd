using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.EngineBench.Kernels;

/// <summary>
/// Paged attention by context and by the cache's type, in the shape of Qwen2.5-0.5B (14 heads of 64, 2 KV heads). Each call works on another layer of as many as fit into memory that no
/// cache holds, blocks in random order, as in a step.
/// </summary>
internal static class AttentionTables
{
    private const int Heads = 14, KVHeads = 2, HeadDim = 64, BlockSize = 16, Chunk = 512;
    private const long LayerMemory = 320L << 20;
    private static readonly DType[] Types = [DType.Float32, DType.BFloat16, DType.Int8, DType.Float8E4M3];

    public static IReadOnlyList<ResultTable> Run(CpuBackend backend, BenchOptions options, Dictionary<string, double> figures)
    {
        int[] contexts = options.Short ? [1024, 4096] : [1024, 2048, 4096, 8192, 16384, 32768];
        return
        [
            Table(backend, options, figures, contexts, "decode", 1, 1, options.Short ? Types[..2] : Types),
            Table(backend, options, figures, contexts[..2], "decode, 32 sequences", 32, 1, options.Short ? Types[..2] : Types),
            Table(backend, options, figures, contexts, $"prefill of {Chunk}", 1, Chunk, options.Short ? Types[..2] : Types),
        ];
    }

    private static ResultTable Table(CpuBackend backend, BenchOptions options, Dictionary<string, double> figures, int[] contexts, string name, int sequences, int queries, DType[] types)
    {
        var rows = new List<string[]>();
        foreach (var context in contexts)
        {
            foreach (var type in types)
            {
                using var run = new Layers(backend, context, sequences, queries, type);
                var seconds = KernelClock.Median(options.Rounds, run.Call);
                var keys = (double)sequences * queries * (context - ((queries - 1) / 2.0));
                var gigaflops = 4 * keys * Heads * HeadDim / seconds / 1e9;
                var gigabytes = (double)sequences * context / BlockSize * backend.KeyValueBlockBytes(KVHeads, HeadDim, BlockSize, type) / seconds / 1e9;
                figures[$"attention {name} {context} {type} microseconds"] = seconds * 1e6;
                rows.Add([
                    $"{context}", $"{type}", ResultWriter.Text(seconds * 1e6, "F1"), ResultWriter.Text(seconds * 1e9 / keys, "F2"), ResultWriter.Text(gigabytes, "F1"), ResultWriter.Text(gigaflops, "F0"),
                ]);
            }
        }

        return new ResultTable(
            $"Attention of one layer: {name}", ["context", "KV type", "µs", "ns a query and key", "GB/s of KV", "GFLOP/s"], rows,
            $"{Heads} heads of {HeadDim}, {KVHeads} KV heads; GB/s counts keys and values once");
    }

    /// <summary>Queries over several layers of filled blocks.</summary>
    private sealed class Layers : IDisposable
    {
        private readonly CpuBackend backend;
        private readonly List<KeyValueBlocks> layers = [];
        private readonly List<Tensor> owned = [];
        private readonly Tensor queries;
        private readonly Tensor output;
        private readonly PagedSequences sequences;
        private int next;

        public Layers(CpuBackend backend, int context, int count, int queriesEach, DType type)
        {
            this.backend = backend;
            var random = new Random(context);
            var blocksEach = context / BlockSize;
            var bytes = (long)blocksEach * count * backend.KeyValueBlockBytes(KVHeads, HeadDim, BlockSize, type);
            var ids = Enumerable.Range(0, blocksEach * count).ToArray();
            random.Shuffle(ids);
            Tensor keys = Floats(random, 512, KVHeads * HeadDim), slots = Ints(new int[512]);
            for (var layer = 0; layer < Math.Clamp(LayerMemory / bytes, 1, 24); layer++)
            {
                var blocks = backend.AllocateKeyValueBlocks(ids.Length, KVHeads, HeadDim, BlockSize, type);
                for (var first = 0; first < ids.Length * BlockSize; first += 512)
                {
                    backend.CopyToDevice<int>(Enumerable.Range(first, 512).ToArray(), slots);
                    backend.StoreKeyValues(keys, keys, blocks, slots);
                }

                layers.Add(blocks);
            }

            queries = Floats(random, count * queriesEach, Heads * HeadDim);
            output = Floats(random, count * queriesEach, Heads * HeadDim);
            var tables = Ints(ids);
            sequences = new PagedSequences(
                Ints([.. Enumerable.Range(0, count + 1).Select(s => s * queriesEach)]), Ints([.. Enumerable.Repeat(context, count)]),
                new Tensor(tables.Memory, 0, new TensorShape(count, blocksEach), DType.Int32));
        }

        public void Call()
        {
            next = (next + 1) % layers.Count;
            backend.PagedAttention(queries, layers[next], sequences, new AttentionOptions(0.125f), output);
        }

        public void Dispose()
        {
            layers.ForEach(layer => layer.Dispose());
            owned.ForEach(tensor => tensor.Memory.Dispose());
        }

        private Tensor Floats(Random random, int rows, int columns)
        {
            var tensor = backend.Allocate(new TensorShape(rows, columns), DType.Float32);
            owned.Add(tensor);
            backend.CopyToDevice<float>([.. Enumerable.Range(0, rows * columns).Select(_ => (random.NextSingle() * 2) - 1)], tensor);
            return tensor;
        }

        private Tensor Ints(int[] values)
        {
            var tensor = backend.Allocate(new TensorShape(values.Length), DType.Int32);
            owned.Add(tensor);
            backend.CopyToDevice<int>(values, tensor);
            return tensor;
        }
    }
}
