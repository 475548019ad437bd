using System.Text;
using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Models;

public sealed class ModelConfigTests
{
    [Fact]
    public void Load_TinyModel_ReadsItsFields()
    {
        var config = ModelConfig.Load(Repository.TinyModel);
        config.Should().BeEquivalentTo(new
        {
            Architecture = "LlamaForCausalLM", VocabSize = 4096, HiddenSize = 128, IntermediateSize = 352, NumHiddenLayers = 4, NumAttentionHeads = 2,
            NumKeyValueHeads = 1, HeadDim = 64, MaxPositionEmbeddings = 2048, RmsNormEps = 1e-5f, TieWordEmbeddings = true,
            DType = DType.BFloat16,
        });
    }

    [Theory]
    [InlineData("vocab_size", null, "*vocab_size: is missing*")]
    [InlineData("hidden_size", "\"128\"", "*hidden_size: \"128\"*")]
    [InlineData("num_hidden_layers", "0", "*num_hidden_layers: 0*")]
    [InlineData("num_key_value_heads", "3", "*num_key_value_heads: 3 does not divide*")]
    [InlineData("head_dim", "25", "*head_dim: 25*")]
    [InlineData("hidden_act", "\"gelu\"", "*hidden_act: 'gelu'*")]
    [InlineData("rms_norm_eps", "-1", "*rms_norm_eps: -1*")]
    [InlineData("tie_word_embeddings", "1", "*tie_word_embeddings: 1*")]
    [InlineData("torch_dtype", "\"int8\"", "*torch_dtype: 'int8'*")]
    [InlineData("rope_scaling", "{\"rope_type\": \"spiral\", \"factor\": 4}", "*rope_scaling*spiral*none of*")]
    [InlineData("rope_scaling", "{\"rope_type\": \"linear\"}", "*rope_scaling*factor is missing*")]
    [InlineData("rope_parameters", "[1]", "*rope_parameters*no object*")]
    [InlineData("quantization_config", "{\"quant_method\": \"bitsandbytes\"}", "*quantization_config*bitsandbytes*none of awq, gptq, fp8*")]
    [InlineData("quantization_config", "{\"quant_method\": \"compressed-tensors\", \"format\": \"pack-quantized\"}", "*'pack-quantized'*")]
    [InlineData("quantization_config", "{\"quant_method\": \"awq\", \"version\": \"gemv\"}", "*awq version 'gemv'*")]
    [InlineData("quantization_config", "{\"quant_method\": \"gptq\", \"bits\": 3}", "*gptq with 3 bits*")]
    [InlineData("quantization_config", "{\"quant_method\": \"gptq\", \"checkpoint_format\": \"marlin\"}", "*'marlin'*")]
    [InlineData("architectures", "[]", "*architectures*")]
    public void Parse_BadField_NamesIt(string field, string? value, string message)
    {
        var parse = () => ModelConfig.Parse(With(field, value));
        parse.Should().Throw<CheckpointException>().WithMessage(message);
    }

    [Fact]
    public void Parse_NewerFields_AreUnderstood()
    {
        var config = ModelConfig.Parse(With("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 500000.0}"));
        config.Rope.Theta.Should().Be(500000);
        ModelConfig.Parse(With("dtype", "\"float16\"")).DType.Should().Be(DType.Float16);
        ModelConfig.Parse(With("num_key_value_heads", "null")).NumKeyValueHeads.Should().Be(2, "absent means one KV head a head");
    }

    [Theory]
    [InlineData("MistralForCausalLM", "{}", "4096 4096 4096 4096")]
    [InlineData("MistralForCausalLM", "{\"sliding_window\": null}", "0 0 0 0")]
    [InlineData("Qwen2ForCausalLM", "{\"use_sliding_window\": true, \"sliding_window\": 8, \"max_window_layers\": 3}", "0 0 0 8")]
    [InlineData("Qwen2ForCausalLM", "{\"use_sliding_window\": true, \"sliding_window\": 8}", "0 0 0 0")]
    [InlineData("Qwen2ForCausalLM", "{\"sliding_window\": 8, \"max_window_layers\": 0}", "0 0 0 0")]
    [InlineData("Qwen2MoeForCausalLM", "{\"use_sliding_window\": true, \"sliding_window\": 8, \"max_window_layers\": 3}", "8 0 8 0")]
    [InlineData("Qwen3MoeForCausalLM", "{\"use_sliding_window\": true, \"sliding_window\": 8, \"max_window_layers\": 3}", "8 8 8 8")]
    public void Windows_OfEachArchitecture_AreThoseOfTransformers(string architecture, string fields, string expected)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "config.json")))!.AsObject();
        json["architectures"] = new JsonArray(architecture);
        foreach (var (name, value) in JsonNode.Parse(fields)!.AsObject())
        {
            json[name] = value?.DeepClone();
        }

        var config = ModelConfig.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()));
        var windows = architecture switch
        {
            "MistralForCausalLM" => Enumerable.Repeat(LayerWindows.Window(config), 4),
            "Qwen2MoeForCausalLM" => LayerWindows.ReadQwen2Moe(config),
            "Qwen3MoeForCausalLM" => LayerWindows.ReadQwen3Moe(config),
            _ => LayerWindows.ReadQwen(config),
        };
        string.Join(' ', windows).Should().Be(expected);
    }

    [Theory]
    [InlineData("LlamaForCausalLM", 64, 1e-6f, false, 1, 10000)]
    [InlineData("GemmaForCausalLM", 256, 1e-6f, true, 1, 10000)]
    [InlineData("Gemma3ForCausalLM", 256, 1e-6f, true, 1, 1e6)]
    [InlineData("GlmForCausalLM", 128, 1.5625e-7f, false, 0.5, 10000)]
    [InlineData("MixtralForCausalLM", 64, 1e-5f, false, 1, 1e6)]
    public void Parse_SilentFile_HasTheDefaultsOfTransformers(string architecture, int headDim, float epsilon, bool tied, double partial, double theta)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "config.json")))!.AsObject();
        json["architectures"] = new JsonArray(architecture);
        foreach (var name in new[] { "head_dim", "rms_norm_eps", "tie_word_embeddings", "rope_theta" })
        {
            json.Remove(name);
        }

        var config = ModelConfig.Parse(Encoding.UTF8.GetBytes(json.ToJsonString()));
        config.Should().BeEquivalentTo(new { HeadDim = headDim, RmsNormEps = epsilon, TieWordEmbeddings = tied, Rope = new { PartialRotaryFactor = partial, Theta = theta } });
    }

    [Fact]
    public void Create_UnknownArchitecture_NamesItAndTheKnownOnes()
    {
        using var backend = new CpuBackend(1);
        using var checkpoint = Checkpoint.Open(Repository.TinyModel);
        var config = ModelConfig.Load(Repository.TinyModel) with { Architecture = "MambaForCausalLM" };
        var create = () => ModelRegistry.Create(config, new WeightLoader(checkpoint, backend, DType.Float32), 64);
        create.Should().Throw<CheckpointException>().WithMessage("*MambaForCausalLM*supported: *Gemma3ForCausalLM*LlamaForCausalLM*");
    }

    private static byte[] With(string field, string? value)
    {
        var config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Repository.TinyModel, "config.json")))!.AsObject();
        config.Remove(field);
        if (value is not null)
        {
            config[field] = JsonNode.Parse(value);
        }

        return Encoding.UTF8.GetBytes(config.ToJsonString());
    }
}
