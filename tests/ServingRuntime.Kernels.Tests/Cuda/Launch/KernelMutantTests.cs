namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>Planted bugs in the kernels of rows, of the vocabulary and of data.</summary>
[Collection(CudaCollection.Name)]
public sealed class KernelMutantTests(CudaLibraries libraries)
{
    /// <summary>What is wrong, source, what stands there, what is put there, which comparison finds it.</summary>
    public static TheoryData<string, string, string, string, string> Bugs => new()
    {
        { "no barrier before the warps' sums are read", "reduce.cuh", "warps[thread() / WARP] = x; }\n    sync();\n    x = warp_reduce<OP>", "warps[thread() / WARP] = x; }\n    x = warp_reduce<OP>", "norm" },
        { "no barrier before the warps' candidates are read", "reduce.cuh", "    sync();\n    x = warp_largest(lane", "    x = warp_largest(lane", "vocabulary" },
        { "the sum leaves out what is not kept in registers", "rows.cu", "for (int i = 0; i < PACK; i++) { sum = multiply_add(v[i], v[i], sum); }", "", "norm" },
        { "the residual is not stored", "rows.cu", "save_elements(residual + at, v);", "", "norm" },
        { "pairs of the other kind", "rows.cu", "interleaved ? 2 * i : i", "interleaved ? i : 2 * i", "rotary" },
        { "packs where rows are not aligned", "numbers.cuh", "&& stride % Pack<T>::COUNT == 0 && width", "&& stride > 0 && width", "gate" },
        { "no barrier before the next indexes are found", "data.cu", "                any = true;\n            }\n        }\n        sync();", "                any = true;\n            }\n        }", "scatter" },
        { "a barrier that a part of the block leaves out", "data.cu", "        sync();\n        for (int warp", "        if (thread() < 200) { sync(); }\n        for (int warp", "scatter" },
        { "values are normed, too", "rotate_store.cu", "kind == 1 ? key_norm : nullptr", "key_norm", "rotate" },
        { "a scale of the first lanes' elements", "rotate_store.cu", "float_of(warp_largest(largest))", "float_of(largest)", "rotate" },
        { "a slot outside of the cache is written", "rotate_store.cu", "kind != 0 && (u32)slot >= (u32)slot_count", "kind != 0 && slot < 0 && slot < slot_count", "rotate" },
        { "one tie too many", "sampling.cu", "find(c, bits, kept - 1", "find(c, bits, kept", "sampling" },
        { "no barrier before the bins are emptied for the next digit", "sampling.cu", "level.ties = hit[2];\n        sync();", "level.ties = hit[2];", "sampling" },
        { "mass of the warp itself before its bins", "sampling.cu", "lane < warp ? other", "lane <= warp ? other", "sampling" },
        { "parts of a block over each other", "data.cu", "+ table[2 * parts + block_z()]", "", "swap" },
        { "the higher of equals", "vocabulary.cu", "<< 32 | (u32)~index", "<< 32 | (u32)index", "vocabulary" },
        { "part of a warp at a shuffle", "vocabulary.cu", "last = warp_largest(mine);", "if (lane < 31) { last = warp_largest(mine); }", "experts" },
    };

    [SkippableTheory]
    [MemberData(nameof(Bugs))]
    public void Comparison_WithAPlantedBug_FindsIt(string bug, string file, string right, string wrong, string comparison) =>
        PlantedBug.ShouldBeFound(libraries, bug, file, right, wrong, SourceOf(comparison), rounds: 12, (bed, seed) => Compare(bed, seed, comparison));

    private static string SourceOf(string comparison) => comparison switch
    {
        "norm" or "rotary" => "rows.cu",
        "gate" => "elementwise.cu",
        "scatter" or "swap" => "data.cu",
        "rotate" => "rotate_store.cu",
        "sampling" => "sampling.cu",
        _ => "vocabulary.cu",
    };

    private static void Compare(CudaTestBed bed, int seed, string comparison)
    {
        using var round = new KernelComparison(bed, seed);
        switch (comparison)
        {
            case "norm":
                round.RmsNorm(DType.Float32);
                break;
            case "rotary":
                round.RotaryEmbedding(DType.Float32);
                break;
            case "gate":
                round.ActivationMul(DType.Float32, GatedActivation.Silu);
                break;
            case "scatter":
                round.GatherAndScatter(DType.Float32);
                break;
            case "rotate":
                using (var rotate = new RotateStoreComparison(bed, seed))
                {
                    rotate.Compare(DType.Float32, seed > 6 ? DType.Int8 : DType.Float32);
                }

                break;
            case "sampling":
                using (var sampling = new SamplingComparison(bed, seed))
                {
                    sampling.Compare();
                }

                break;
            case "swap":
                round.Swap();
                break;
            case "experts":
                round.TopExperts();
                break;
            default:
                round.Vocabulary();
                break;
        }
    }
}
