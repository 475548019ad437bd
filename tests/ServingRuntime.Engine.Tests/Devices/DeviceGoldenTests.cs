using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.TestSupport;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>
/// Every architecture's kernels and layers on a device, against transformers: float32 to its own tolerance, bfloat16 and float16 no further off than twice what transformers in that type is.
/// The fake is slow, so prompts and answers are short; what lengths change is tested kernel by kernel.
/// </summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceGoldenTests : IDisposable
{
    private const int Steps = 3;
    private readonly FakeMachine? machine = FakeMachine.WhyNot is null ? new FakeMachine() : null;

    public static TheoryData<string> Checkpoints =>
    [
        "llama_gqa_f32", "llama_rope_linear_tied_f32", "mistral_swa_f32", "qwen2_gqa_f32", "qwen3_gqa_sharded_f32", "gemma_f16", "gemma2_f32", "gemma3_text_bf16", "phi3_longrope_f32",
        "chatglm_legacy_a_f32", "glm4_f32", "mixtral_f32", "qwen2_moe_sparse_step_f16", "qwen3_moe_f32", "fp8_block", "gptq_qwen2_moe_g32", "gptq_8bit_sym_g32",
        "awq_llama_g64", "gptq_llama_g128_asym_desc_act", "awq_mixtral_g32",
    ];

    public static TheoryData<string, string> Narrow => new()
    {
        { "llama_gqa_bf16", "auto" }, { "llama_gqa_f32", "float16" }, { "gemma3_text_bf16", "bfloat16" }, { "gemma2_f32", "half" }, { "qwen3_gqa_sharded_f32", "bfloat16" }, { "glm4_f32", "float16" },
        { "awq_llama_g64", "auto" }, { "gptq_qwen2_g128_asym", "bfloat16" },
    };

    public void Dispose() => machine?.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Checkpoints))]
    public void Greedy_Float32_EqualsTransformers(string checkpoint)
    {
        using var golden = Golden(checkpoint);
        var greedy = golden.RootElement.TryGetProperty("longrope_threshold", out _) ? "long_always_greedy_ids" : "greedy_ids";
        using var engine = Engine(checkpoint, "float32");
        var prompts = Prompts(golden);
        foreach (var prompt in prompts)
        {
            engine.Add(Id(prompt), Ints(prompt, "input_ids"), EngineHarness.Greedy(Steps, logprobs: 5));
        }

        engine.RunToEnd();
        foreach (var prompt in prompts)
        {
            var result = engine.Results[Id(prompt)];
            result.Tokens.Should().Equal(Ints(prompt, greedy).Take(Steps), Id(prompt));
            if (greedy == "greedy_ids")
            {
                Differences(prompt, result).Max().Should().BeLessThan(2e-4f, Id(prompt));
            }
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Narrow))]
    public void FirstToken_SixteenBits_AsCloseAsTransformersInThatType(string checkpoint, string dtype)
    {
        using var golden = Golden(checkpoint);

        // What auto means for these: AWQ's scales are float16.
        var isHalf = dtype is "float16" or "half" || (dtype == "auto" && checkpoint.StartsWith("awq", StringComparison.Ordinal));
        var known = golden.RootElement.GetProperty("lowprec_vs_f32").GetProperty(isHalf ? "float16" : "bfloat16");
        using var engine = Engine(checkpoint, dtype);
        var prompts = Prompts(golden);
        foreach (var prompt in prompts)
        {
            engine.Add(Id(prompt), Ints(prompt, "input_ids"), EngineHarness.Greedy(1, logprobs: 40));
        }

        engine.RunToEnd();
        engine.Core.KVCacheDType.Should().Be(isHalf ? "float16" : "bfloat16", "as the activations");
        var differences = prompts.SelectMany(prompt => Differences(prompt, engine.Results[Id(prompt)])).ToList();
        differences.Max().Should().BeLessThan(2 * known.GetProperty("max_abs_logit_diff").GetSingle()).And.BePositive("sixteen bits are not float32");
    }

    private static IEnumerable<float> Differences(JsonElement prompt, GeneratedTokens result)
    {
        var (ids, logprobs) = (Last(prompt, "top5_ids"), Last(prompt, "top5_logprobs"));
        var actual = result.Logprobs[0].Top.ToDictionary(top => top.TokenId, top => top.Logprob);
        return Enumerable.Range(0, ids.GetArrayLength()).Select(i => Math.Abs(actual[ids[i].GetInt32()] - logprobs[i].GetSingle()));
    }

    private static JsonDocument Golden(string checkpoint) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(FolderOf(checkpoint), "golden.json")));

    private static string FolderOf(string checkpoint) => Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden", checkpoint);

    /// <summary>A few tokens, and some more than a block.</summary>
    private static List<JsonElement> Prompts(JsonDocument golden) => [.. golden.RootElement.GetProperty("prompts").EnumerateArray().Where(prompt => prompt.GetProperty("input_ids").GetArrayLength() is 3 or 5 or 17)];

    private static JsonElement Last(JsonElement prompt, string name) => prompt.GetProperty(name)[prompt.GetProperty(name).GetArrayLength() - 1];

    private static int[] Ints(JsonElement prompt, string name) => [.. prompt.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    private static string Id(JsonElement prompt) => prompt.GetProperty("id").GetString()!;

    private EngineHarness Engine(string checkpoint, string dtype)
    {
        Skip.If(FakeMachine.WhyNot is not null, FakeMachine.WhyNot);
        var options = new EngineOptions
        {
            ModelPath = FolderOf(checkpoint), DType = dtype, NumBlocksOverride = 32, MaxNumSeqs = 4, MaxNumBatchedTokens = 24, CpuThreads = 1,
            // Longer than what it was trained on, so that the long factors hold.
            MaxModelLen = checkpoint.Contains("longrope", StringComparison.Ordinal) ? 128 : 64,
        };
        return new EngineHarness(options, CudaBackend.Open(new CudaBackendOptions(), machine!.Variable, NullLogger.Instance));
    }
}
