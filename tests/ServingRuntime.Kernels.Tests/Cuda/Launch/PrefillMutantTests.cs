namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>Planted bugs of prefill attention: each must be found by the comparison that the kernels pass.</summary>
[Collection(CudaCollection.Name)]
public sealed class PrefillMutantTests(CudaLibraries libraries)
{
    /// <summary>What is wrong, in which file, what stands there, what is put there, for which keys and values.</summary>
    public static TheoryData<string, string, string, string, DType> Bugs => new()
    {
        { "values are read before they are there", "attention_prefill.cuh", "AHEAD = 2 * (STAGES - 1)", "AHEAD = 2 * STAGES", DType.BFloat16 },
        { "no barrier before keys take the place of others", "attention_prefill.cuh", "        sync();\n        copy_keys(run + STAGES);", "        copy_keys(run + STAGES);", DType.BFloat16 },
        { "keys of the wrong half", "attention_prefill.cuh", "lane >> 3 & 1), value_row", "lane >> 4 & 1), value_row", DType.BFloat16 },
        { "results before are rescaled like another row's", "softmax.cuh", "*= rescale[e >> 1]", "*= rescale[0]", DType.BFloat16 },
        { "a row sees the key behind its own", "softmax.cuh", "(u32)(last[lane / 4 + e / 2 * 8] - (key", "(u32)(last[lane / 4 + e / 2 * 8] + 1 - (key", DType.BFloat16 },
        { "slots that nobody stored in are summed", "prefill.cuh", "before + row < seen", "before + row < seen + 0x3fffffffu", DType.BFloat16 },
        { "values without their scales", "attention_prefill.cuh", "scale_values(s[a], runs.scales(run, true), own_lane);", "", DType.Int8 },
        { "scales of slots that nobody stored in", "softmax.cuh", "p[j][e] == 0.0f ? 0.0f : ", "", DType.Int8 },
        { "no barrier before codes take the place of others", "attention_prefill.cuh", "        widen();\n        sync();", "        widen();", DType.Int8 },
        { "the other phase of a stage", "attention_wgmma.cuh", "(u32)run / SHAPE::STAGES & 1", "((u32)run / SHAPE::STAGES + 1) & 1", DType.Float16 },
        { "products that are not waited for", "attention_wgmma.cuh", "products_wait<1>();\n            stay(s);", "products_wait<2>();\n            stay(s);", DType.Float16 },
        { "room is told of before the values are used", "attention_wgmma.cuh", "            products_wait<0>();\n            stay(o);\n            if (lane == 0) { barrier_arrive(stages.room(run - 1, true)); }", "            if (lane == 0) { barrier_arrive(stages.room(run - 1, true)); }\n            products_wait<0>();", DType.Float16 },
        { "keys are told of before they are there", "attention_wgmma.cuh", "tell<1>(run, false);", "tell<2>(run, false);", DType.Float16 },
        { "a stride that is another's", "attention_wgmma.cuh", "SHAPE::KEYS * 128, 1024), true)", "SHAPE::KEYS * 128, 2048), true)", DType.Float16 },
        { "the descriptor names no swizzle of 128 bytes", "hopper.cuh", "1ull << 62", "2ull << 62", DType.Float16 },
        { "no fence behind the copies", "attention_wgmma.cuh", "        fence_for_products();\n        barrier_arrive(stages.full(run, values));", "        barrier_arrive(stages.full(run, values));", DType.Float16 },
        { "nobody makes room for keys", "attention_wgmma.cuh", "            if (lane == 0) { barrier_arrive(stages.room(run, false)); }\n", "", DType.Float16 },
    };

    [SkippableTheory]
    [MemberData(nameof(Bugs))]
    public void Comparison_WithAPlantedBug_FindsIt(string bug, string file, string right, string wrong, DType cache)
    {
        var source = file.StartsWith("attention_wgmma", StringComparison.Ordinal) || cache == DType.Float16 ? "attention_wgmma_f16_64.cu" : cache == DType.Int8 ? "attention_prefill_i8_64.cu" : "attention_prefill_bf16_64.cu";
        PlantedBug.ShouldBeFound(libraries, bug, file, right, wrong, source, rounds: 12, (bed, seed) => PrefillComparison.Random(bed, seed, 64, cache, source.Contains("wgmma", StringComparison.Ordinal)));
    }
}
