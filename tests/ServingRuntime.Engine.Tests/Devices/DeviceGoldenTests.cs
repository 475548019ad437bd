using Octavo.ServingRuntime.Engine.Tests.Golden;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>
/// Every architecture's kernels and layers on a device, against transformers. The fake is slow, so there prompts and answers are short, and checkpoints some; what lengths change is tested kernel by kernel.
/// </summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceGoldenTests : IDisposable
{
    private readonly DeviceBed bed = new();

    public static TheoryData<string> Checkpoints => DeviceBed.IsReal ? [.. GoldenModel.Names] :
    [
        "llama_gqa_f32", "llama_rope_linear_tied_f32", "mistral_swa_f32", "qwen2_gqa_f32", "qwen3_gqa_sharded_f32", "gemma_f16", "gemma2_f32", "gemma3_text_bf16", "phi3_longrope_f32",
        "chatglm_legacy_a_f32", "glm4_f32", "mixtral_f32", "qwen2_moe_sparse_step_f16", "qwen3_moe_f32", "fp8_block", "gptq_qwen2_moe_g32", "gptq_8bit_sym_g32",
        "awq_llama_g64", "gptq_llama_g128_asym_desc_act", "awq_mixtral_g32",
    ];

    /// <summary>Published models' head sizes, 64 and more, have kernels of their own.</summary>
    public static TheoryData<string, string> Narrow
    {
        get
        {
            var data = new TheoryData<string, string>
            {
                { "llama_heads64_f16", "auto" }, { "mistral_heads96_f16", "bfloat16" }, { "qwen3_heads128_f16", "bfloat16" }, { "gemma2_heads256_f16", "auto" },
                { "llama_gqa_bf16", "auto" }, { "gemma3_text_bf16", "bfloat16" }, { "gemma2_f32", "half" }, { "glm4_f32", "float16" }, { "awq_llama_g64", "auto" }, { "gptq_qwen2_g128_asym", "bfloat16" },
            };
            foreach (var name in GoldenModel.Names.Where(name => DeviceBed.IsReal && GoldenModel.Read(name) is { IsLongrope: false, HasExperts: false, Measured.Count: 2 }))
            {
                data.Add(name, "bfloat16");
                data.Add(name, "float16");
            }

            return data;
        }
    }

    public void Dispose() => bed.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Checkpoints))]
    public void Greedy_Float32_EqualsTransformers(string checkpoint)
    {
        var model = GoldenModel.Read(checkpoint);
        using var engine = Engine(model, "float32");
        GoldenComparison.Exact(engine, model, DeviceBed.Prompts(model), DeviceBed.IsReal ? int.MaxValue : 3);
    }

    [SkippableTheory]
    [MemberData(nameof(Narrow))]
    public void PromptLogprobs_NarrowTypes_AsCloseAsTransformersInThatType(string checkpoint, string dtype)
    {
        var model = GoldenModel.Read(checkpoint);

        // What auto means for these: the type of the weights, or of AWQ's scales.
        var isHalf = dtype is "float16" or "half" || (dtype == "auto" && !checkpoint.EndsWith("bf16", StringComparison.Ordinal));
        using var engine = Engine(model, dtype);
        engine.Core.KVCacheDType.Should().Be(isHalf ? "float16" : "bfloat16", "as the activations");
        GoldenComparison.Rounded(engine, DeviceBed.Prompts(model), model.Measured[isHalf ? "float16" : "bfloat16"]);
    }

    [SkippableTheory]
    [InlineData("qwen3_heads128_f16", "int8")]
    [InlineData("llama_heads64_f16", "fp8_e4m3")]
    public void PromptLogprobs_CacheOfEightBits_ThoseOfTheCpuWithTheSame(string checkpoint, string cache)
    {
        var model = GoldenModel.Read(checkpoint);
        var parameters = EngineHarness.Greedy(4, logprobs: 40) with { PromptLogprobs = 40 };
        using EngineHarness device = Engine(model, "float16", cache), cpu = new(EngineHarness.Defaults with { ModelPath = model.Folder, DType = "float32", KVCacheDType = cache });
        var (actual, expected) = (device.Run(model.Prompts[2].InputIds, parameters), cpu.Run(model.Prompts[2].InputIds, parameters));
        device.Core.KVCacheDType.Should().Be(cache);
        actual.Tokens.Should().Equal(expected.Tokens);
        foreach (var (one, other) in actual.PromptLogprobs!.Skip(1).Concat(actual.Logprobs).Zip(expected.PromptLogprobs!.Skip(1).Concat(expected.Logprobs)))
        {
            // A number at the border of two codes may be kept as either.
            one!.Top[0].Logprob.Should().BeApproximately(other!.Top[0].Logprob, model.Measured["bfloat16"].Max);
        }
    }

    /// <summary>What is decoded one by one, by the kernel for it, is what a prompt of the same tokens gives.</summary>
    [SkippableTheory]
    [InlineData("llama_heads64_f16", "auto")]
    [InlineData("mistral_heads96_f16", "auto")]
    [InlineData("qwen3_heads128_f16", "auto")]
    [InlineData("qwen3_heads128_f16", "fp8_e4m3")]
    [InlineData("gemma2_heads256_f16", "int8")]
    public void Greedy_WideHeads_TokensOfThePromptWithThem(string checkpoint, string cache)
    {
        var model = GoldenModel.Read(checkpoint);
        using var engine = Engine(model, "auto", cache);
        var prompt = model.Prompts[1];
        var decoded = engine.Run(prompt.InputIds, EngineHarness.Greedy(6, logprobs: 5));
        var whole = engine.Run([.. prompt.InputIds, .. decoded.Tokens], EngineHarness.Greedy(1, logprobs: 5) with { PromptLogprobs = 5 });
        for (var i = 0; i < decoded.Tokens.Count; i++)
        {
            var again = whole.PromptLogprobs![prompt.InputIds.Length + i]!;
            again.Top.Should().Contain(top => top.TokenId == decoded.Tokens[i]).Which.Logprob.Should().BeApproximately(decoded.Logprobs[i].Logprob, 2 * model.Measured["float16"].Max, $"token {i}");
        }
    }

    /// <summary>In the type that is stored the head is the table of the embeddings; in another it is a copy.</summary>
    [SkippableFact]
    public void Load_TiedEmbeddings_AreOnTheDeviceOnce()
    {
        var model = GoldenModel.Read("llama3_tied_f16");
        var (stored, other) = (Used("float16"), Used("bfloat16"));
        (other - stored).Should().BeInRange(256 * 64 * sizeof(ushort), 2 * 256 * 64 * sizeof(ushort));

        long Used(string dtype)
        {
            using var engine = Engine(model, dtype);
            return (long)bed.Fake.Driver.UsedBytes;
        }
    }

    private EngineHarness Engine(GoldenModel model, string dtype, string cache = "auto")
    {
        var options = new EngineOptions
        {
            ModelPath = model.Folder, DType = dtype, KVCacheDType = cache, NumBlocksOverride = DeviceBed.IsReal ? 1024 : 32, MaxNumSeqs = DeviceBed.IsReal ? 64 : 4, MaxNumBatchedTokens = DeviceBed.IsReal ? 64 : 24,
            CpuThreads = 1,
            // Longer than what it was trained on, so that the long factors hold.
            MaxModelLen = DeviceBed.IsReal ? null : model.IsLongrope ? 128 : 64,
        };
        return new EngineHarness(options, bed.Open());
    }
}
