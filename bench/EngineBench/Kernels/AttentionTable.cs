using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.EngineBench.Kernels;

/// <summary>
/// Paged attention by context and by the cache's type, in the shape of Qwen2.5-0.5B (14 heads of 64, 2 KV heads). Each call works on another layer of as many as fit into memory that no
/// cache holds, blocks in random order, as in a step.
/// </summary>
internal sealed class AttentionTable : IKernelTable
{
    private const int Heads = 14, KVHeads = 2, HeadDim = 64, BlockSize = 16, Rows = 8, Chunk = 512, Shortest = 1024, Longest = 32768, LongestOfShort = 4096;
    private const long LayerMemory = 320L << 20;
    private static readonly DType[] Types = [DType.Float32, DType.BFloat16, DType.Int8, DType.Float8E4M3];
    private static readonly (string Name, int Sequences, int Queries)[] Cases = [("decode", 1, 1), ($"decode of {Rows}", Rows, 1), ($"prefill {Chunk}", 1, Chunk)];

    public string Name => "attention";

    public IReadOnlyList<ResultTable> Measure(KernelBench bench)
    {
        var rows = new List<IReadOnlyList<string>>();
        var points = new List<AttentionScaling.Point>();
        foreach (var instructions in bench.Instructions)
        {
            using var backend = bench.Backend(instructions);
            foreach (var (name, sequences, queries) in Cases)
            {
                for (var context = Shortest; context <= (bench.Options.Short ? LongestOfShort : Longest); context *= 2)
                {
                    foreach (var type in Types.Where(type => $"{instructions} {name} {context} {type}".Contains(bench.Only, StringComparison.OrdinalIgnoreCase)))
                    {
                        using var run = new Layers(backend, context, sequences, queries, type);
                        var seconds = bench.Measure(run.Call);
                        var keys = (double)sequences * queries * (context - ((queries - 1) / 2.0));
                        var gigabytes = (double)sequences * context / BlockSize * backend.KeyValueBlockBytes(KVHeads, HeadDim, BlockSize, type) / seconds / 1e9;
                        var point = new AttentionScaling.Point($"{instructions} {name}", type, context, seconds * 1e6 / (sequences * queries), seconds * 1e9 / keys);
                        points.Add(point);
                        rows.Add(
                        [
                            point.Case, $"{context}", $"{type}", ResultWriter.Text(seconds * 1e6, "F1"), ResultWriter.Text(point.MicrosecondsAToken, "F1"), ResultWriter.Text(gigabytes, "F1"),
                            ResultWriter.Text(100 * gigabytes / bench.ReadGigabytesPerSecond, "F0"), ResultWriter.Text(4 * keys * Heads * HeadDim / seconds / 1e9, "F0"),
                        ]);
                    }
                }
            }
        }

        var all = new ResultTable(
            $"attention of one layer, {Heads} heads of {HeadDim}, {KVHeads} KV heads", ["set, case", "context", "KV type", "us", "us a token", "GB/s", "of read %", "GFLOP/s"], rows,
            "GB/s: the keys' and values' bytes, counted once, by time");
        return [all, AttentionScaling.Table(points)];
    }

    /// <summary>Queries over several layers of filled blocks.</summary>
    private sealed class Layers : IDisposable
    {
        private readonly CpuBackend backend;
        private readonly List<KeyValueBlocks> layers = [];
        private readonly BenchMemory memory;
        private readonly Tensor queries;
        private readonly Tensor output;
        private readonly PagedSequences sequences;

        public Layers(CpuBackend backend, int context, int count, int queriesEach, DType type)
        {
            this.backend = backend;
            memory = new BenchMemory(backend);
            var random = new Random(context);
            var blocksEach = context / BlockSize;
            var bytes = (long)blocksEach * count * backend.KeyValueBlockBytes(KVHeads, HeadDim, BlockSize, type);
            var ids = Enumerable.Range(0, blocksEach * count).ToArray();
            random.Shuffle(ids);
            Tensor keys = memory.Floats(512, KVHeads * HeadDim), slots = memory.Ints(new int[512]);
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

            queries = memory.Floats(count * queriesEach, Heads * HeadDim);
            output = memory.Floats(count * queriesEach, Heads * HeadDim);
            var tables = memory.Ints(ids);
            sequences = new PagedSequences(
                memory.Ints([.. Enumerable.Range(0, count + 1).Select(s => s * queriesEach)]), memory.Ints([.. Enumerable.Repeat(context, count)]),
                new Tensor(tables.Memory, 0, new TensorShape(count, blocksEach), DType.Int32));
        }

        public void Call(int call) => backend.PagedAttention(queries, layers[call % layers.Count], sequences, new AttentionOptions(0.125f), output);

        public void Dispose()
        {
            layers.ForEach(layer => layer.Dispose());
            memory.Dispose();
        }
    }
}
