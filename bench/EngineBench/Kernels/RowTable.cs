using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.EngineBench.Kernels;

/// <summary>Work on rows between the products of a layer, in the shape of Qwen2.5-0.5B (hidden 896, 14 + 2 heads of 64, feed-forward 4864), and on whole vocabularies (151,936).</summary>
internal sealed class RowTable : IKernelTable
{
    private const int Hidden = 896, Heads = 14, KVHeads = 2, HeadDim = 64, FeedForward = 4864, Vocabulary = 151_936, MaxVocabularyRows = 32;

    public string Name => "rows";

    public IReadOnlyList<ResultTable> Measure(KernelBench bench)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var instructions in bench.Instructions)
        {
            using var backend = bench.Backend(instructions);
            foreach (var count in bench.Rows)
            {
                using var memory = new BenchMemory(backend);
                foreach (var (name, bytes, call) in Operations(backend, memory, count).Where(o => $"{instructions} {o.Name}".Contains(bench.Only, StringComparison.OrdinalIgnoreCase)))
                {
                    var seconds = bench.Measure(_ => call());
                    rows.Add([$"{instructions} {name}", $"{count}", ResultWriter.Text(seconds * 1e6, "F1"), ResultWriter.Text(bytes / seconds / 1e9, "F1")]);
                }
            }
        }

        return [new ResultTable("work on rows", ["set, operation", "rows", "us", "GB/s"], rows, "GB/s: what is read and written, by time")];
    }

    private static IEnumerable<(string Name, double Bytes, Action Call)> Operations(CpuBackend backend, BenchMemory memory, int count)
    {
        int qkvWidth = (Heads + (2 * KVHeads)) * HeadDim, keyWidth = KVHeads * HeadDim;
        Tensor x = memory.Floats(count, Hidden), residual = memory.Floats(count, Hidden), weight = memory.Vector(Hidden), qkv = memory.Floats(count, qkvWidth);
        Tensor table = Rotations(memory), positions = memory.Ints([.. Enumerable.Range(0, count)]), wide = memory.Floats(count, 2 * FeedForward), narrow = memory.Floats(count, FeedForward);
        yield return ("add and norm", 4.0 * 4 * count * Hidden, () => backend.AddRmsNorm(x, residual, weight, 1e-6f, x));
        yield return ("rope", 4.0 * 2 * count * (Heads + KVHeads) * HeadDim, () => backend.RotaryEmbedding(qkv.Columns(0, (Heads + KVHeads) * HeadDim), HeadDim, positions, table, false));
        yield return ("silu and product", 4.0 * 3 * count * FeedForward, () => backend.ActivationMul(GatedActivation.Silu, wide, narrow));
        foreach (var type in (DType[])[DType.Float32, DType.BFloat16, DType.Int8, DType.Float8E4M3])
        {
            using var blocks = backend.AllocateKeyValueBlocks((count / 16) + 1, KVHeads, HeadDim, 16, type);
            yield return ($"store {type}", 4.0 * 2 * count * keyWidth,
                () => backend.StoreKeyValues(qkv.Columns(Heads * HeadDim, keyWidth), qkv.Columns((Heads + KVHeads) * HeadDim, keyWidth), blocks, positions));
        }

        if (count <= MaxVocabularyRows)
        {
            Tensor logits = memory.Floats(count, Vocabulary), output = memory.Floats(count, Vocabulary), tokens = memory.Ints(new int[count]);
            yield return ("largest logits", 4.0 * count * Vocabulary, () => backend.ArgMax(logits, tokens));
            yield return ("log-softmax", 4.0 * 2 * count * Vocabulary, () => backend.LogSoftmax(logits, output));
        }
    }

    /// <summary>True angles: a row that is rotated again and again keeps its length, and no number becomes too small for full speed.</summary>
    private static Tensor Rotations(BenchMemory memory)
    {
        var table = memory.Floats(1024, HeadDim);
        var values = table.AsSpan<float>();
        for (var i = 0; i < values.Length; i++)
        {
            var (position, element) = Math.DivRem(i, HeadDim);
            var angle = position * Math.Pow(10000, -2.0 * (element % (HeadDim / 2)) / HeadDim);
            values[i] = (float)(element < HeadDim / 2 ? Math.Cos(angle) : Math.Sin(angle));
        }

        return table;
    }
}
