using System.Collections.Frozen;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>A kernel of prefill attention and what its launch needs to know of it; the sizes are those of attention_prefill.cuh and attention_wgmma.cuh.</summary>
/// <param name="Rows">Query rows, heads counted, of a block.</param>
/// <param name="SharedBytes">Dynamic shared memory of a block.</param>
internal sealed record PrefillKernel(string Source, string Name, int Rows, int Threads, int SharedBytes)
{
    private static readonly FrozenDictionary<(int, DType), PrefillKernel> General = MakeGeneral().ToFrozenDictionary(pair => pair.Key, pair => pair.Kernel);
    private static readonly FrozenDictionary<(int, DType), PrefillKernel> ForWarpgroups = MakeForWarpgroups().ToFrozenDictionary(pair => pair.Key, pair => pair.Kernel);

    /// <summary>By mma.sync, for every device; null: there is none for such heads.</summary>
    public static PrefillKernel? Find(int headDim, DType cache) => General.GetValueOrDefault((headDim, cache));

    /// <summary>By the products of warpgroups that devices of compute capability 9.0 have, and no other; null: there is none for such heads.</summary>
    public static PrefillKernel? FindForWarpgroups(int headDim, DType cache) => ForWarpgroups.GetValueOrDefault((headDim, cache));

    private static IEnumerable<((int, DType) Key, PrefillKernel Kernel)> MakeGeneral()
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

    private static IEnumerable<((int, DType) Key, PrefillKernel Kernel)> MakeForWarpgroups()
    {
        foreach (var (size, keys) in ((int, int)[])[(64, 128), (128, 128), (256, 64)])
        {
            foreach (var (cache, type) in ((DType, string)[])[(DType.BFloat16, "bf16"), (DType.Float16, "f16")])
            {
                // Queries, two stages of keys and two of values, and what it takes to begin at a multiple of 1,024.
                var shared = (128 * size * 2) + (4 * keys * size * 2) + 1024;
                yield return ((size, cache), new PrefillKernel($"attention_wgmma_{type}_{size}.cu", $"octavo_attention_wgmma_{type}_{size}", 128, 384, shared));
            }
        }
    }
}
