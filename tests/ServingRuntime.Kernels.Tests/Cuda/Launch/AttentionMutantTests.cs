namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>Planted bugs in the kernels of attention, each of which a comparison that the kernels pass must find.</summary>
[Collection(CudaCollection.Name)]
public sealed class AttentionMutantTests(CudaLibraries libraries)
{
    private const string Decode = "attention_decode_bf16_64.cu", Half = "attention_decode_f16_64.cu", Int8 = "attention_decode_i8_64.cu", Float8 = "attention_decode_f8_64.cu", Combine = "attention_combine.cu", General = "attention_general.cu";

    /// <summary>What is wrong, the file, what stands there, what is put there, the source that sees it, the blocks' type.</summary>
    public static TheoryData<string, string, string, string, string, DType> Bugs => new()
    {
        { "no barrier before the warps' results are merged", "attention_decode.cuh", "    sync();\n    OCTAVO_ROLLED", "    OCTAVO_ROLLED", Decode, DType.BFloat16 },
        { "results into rings that others still read", "attention_decode.cuh", "and together.\n    sync();", "and together.", Decode, DType.BFloat16 },
        { "no barrier before queries are read", "attention_decode.cuh", "    sync();\n    shared_address queries", "    shared_address queries", Decode, DType.BFloat16 },
        { "no barrier before the next item", "attention_decode.cuh", "        }\n    }\n    sync();\n}", "        }\n    }\n}", Decode, DType.BFloat16 },
        { "a wait that leaves one copy too many", "attention_stream.cuh", "copy_wait<M::RING - 2>", "copy_wait<M::RING - 1>", Decode, DType.BFloat16 },
        { "slots without tokens are read", "attention_stream.cuh", "token + row < length", "true", Decode, DType.BFloat16 },
        { "scales of slots without tokens", "softmax.cuh", "p[j][e] == 0.0f ? 0.0f : ", "", Int8, DType.Int8 },
        { "later tokens are seen", "attention_decode.cuh", "softmax.is_edge(token, TILE, low, high) ? positions : nullptr", "nullptr", Decode, DType.BFloat16 },
        { "the window is one too narrow", "softmax.cuh", "window > 0 ? window : 1 << 30", "window > 0 ? window - 1 : 1 << 30", Half, DType.Float16 },
        { "chunks of the other order", "attention_decode.cuh", "M::at(lane % 16, k + lane / 16)", "M::at(lane % 16, k + 1 - lane / 16)", Int8, DType.Int8 },
        { "scales of keys for values", "attention_stream.cuh", "* 2 + second)", "* 2)", Float8, DType.Float8E4M3 },
        { "the sign of a code is left out", "codes.cuh", "(x & 0x00800080u) | 0xc300c300u", "0xc300c300u", Int8, DType.Int8 },
        { "sums are not scaled down", "attention_decode.cuh", "rescale_results(sums, rescale);", "", Decode, DType.BFloat16 },
        { "rows of the next tile are the first's", "attention_decode.cuh", "rest % tiles, rest / tiles", "0, rest / tiles", Decode, DType.BFloat16 },
        { "sums of another split", "attention_combine.cu", "from.sums[(i64)split * head_size", "from.sums[(i64)(splits.count - 1 - split) * head_size", Combine, DType.BFloat16 },
        { "a split too few", "attention_combine.cu", "split = 0; split < splits.count;", "split = 0; split < splits.count - 1;", Combine, DType.BFloat16 },
        { "no barrier before the results are merged", "attention_general.cu", "    sync();\n    float top", "    float top", General, DType.Float32 },
        { "scores of tokens that are not there", "attention_general.cu", "if (begin + t >= end) { break; }", "", General, DType.Float32 },
    };

    [SkippableTheory]
    [MemberData(nameof(Bugs))]
    public void Comparison_WithAPlantedBug_FindsIt(string bug, string file, string right, string wrong, string source, DType cache)
    {
        PlantedBug.ShouldBeFound(libraries, bug, file, right, wrong, source, rounds: 8, (bed, seed) =>
        {
            AttentionCase.Kernel general = (in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output) =>
                bed.Launcher.GeneralAttention(queries, blocks, sequences, options, output);
            using var comparison = new AttentionComparison(bed, seed, source == General ? general : AttentionDecodeTests.Kernel(bed)) { TensorCores = source != General };
            comparison.RandomSequences(new AttentionShape(2, 6, 64, 16, cache, Window: seed % 2 == 0 ? 0 : 70), 250, 4);
        });
    }
}
