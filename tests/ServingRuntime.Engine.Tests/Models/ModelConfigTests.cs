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
            DType = DType.BFloat16, KVBytesPerToken = 2048L,
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
