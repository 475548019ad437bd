using System.Text;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.Models;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

public sealed class KVCacheConfigTests
{
    private static readonly EngineOptions Options = new() { ModelPath = "", MaxNumSeqs = 4, MemoryUtilization = 0.5 };

    /// <summary>2 layers of 1 KV head of 16: 256 bytes a token, 4,096 a block.</summary>
    private static readonly ModelConfig Model = ModelConfig.Parse(Encoding.UTF8.GetBytes(
        """
        {"architectures": ["LlamaForCausalLM"], "hidden_size": 16, "num_attention_heads": 1, "num_hidden_layers": 2,
         "intermediate_size": 8, "vocab_size": 9, "max_position_embeddings": 64}
        """));

    [Fact]
    public void Create_PlentyOfMemory_NoMoreThanSequencesCanUse() =>
        KVCacheConfig.Create(Options, Model, 64, 1L << 40).Should().Be(new KVCacheConfig(17, 16, 4096), "4 sequences of 4 blocks, and the null block");

    [Fact]
    public void Create_LittleMemory_ItsPart() => KVCacheConfig.Create(Options, Model, 64, 20 * 4096).NumBlocks.Should().Be(10);

    [Fact]
    public void Create_BytesGiven_WinOverMeasuring() =>
        KVCacheConfig.Create(Options with { KVCacheMemoryBytes = 123 * 4096 }, Model, 64, 1).Bytes.Should().Be(123 * 4096);

    [Fact]
    public void Create_OneRequestDoesNotFit_NamesTheLargestThatWould()
    {
        var create = () => KVCacheConfig.Create(Options, Model, 64, 8 * 4096);
        create.Should().Throw<EngineStartException>().WithMessage("*64 tokens*20480 bytes*50*32768 free bytes*largest max-model-len that fits is 48*");
        var nothing = () => KVCacheConfig.Create(Options, Model, 64, 0);
        nothing.Should().Throw<EngineStartException>().WithMessage("*no request fits*");
    }

    [Fact]
    public void Create_MemoryUnknown_AsksForBytes()
    {
        var create = () => KVCacheConfig.Create(Options, Model, 64, null);
        create.Should().Throw<EngineStartException>().WithMessage("*KVCacheMemoryBytes*");
    }
}
