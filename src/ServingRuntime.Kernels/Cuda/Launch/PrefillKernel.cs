using System.Collections.Frozen;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>A kernel of prefill attention and what its launch needs to know of it; the sizes are those of attention_prefill.cuh.</summary>
/// <param name="Rows">Query rows, heads counted, of a block.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
internal sealed record PrefillKernel(string Source, string Name, int Rows, int Threads, int SharedBytes)
{
    private static readonly FrozenDictionary<(int, DType), PrefillKernel> All = Make().ToFrozenDictionary(pair => pair.Key, pair => pair.Kernel);

    /// <summary>By mma.sync, for every device; null: there is none for such heads.</summary>
    public static PrefillKernel? Find(int headDim, DType cache) => All.GetValueOrDefault((headDim, cache));

    private static IEnumerable<((int, DType) Key, PrefillKernel Kernel)> Make()
    {
        foreach (var (size, rows, keys, stages) in ((int, int, int, int)[])[(64, 128, 64, 2), (96, 128, 64, 1), (128, 128, 64, 1), (256, 64, 32, 1)])
        {
            foreach (var (cache, type) in ((DType, string)[])[(DType.BFloat16, "bf16"), (DType.Float16, "f16"), (DType.Int8, "i8"), (DType.Float8E4M3, "f8")])
            {
                // Queries; then stages of keys and of values, or one of each, their codes, and scales as they are and as they are used.
                var tile = keys * size * 2;
                var shared = (rows * size * 2) + (cache.Size() == 2 ? 2 * stages * tile : (3 * tile) + (4 * keys * sizeof(float)));
                yield return ((size, cache), new PrefillKernel($"attention_prefill_{type}_{size}.cu", $"octavo_attention_prefill_{type}_{size}", rows, 128, shared));
            }
        }
    }
}
