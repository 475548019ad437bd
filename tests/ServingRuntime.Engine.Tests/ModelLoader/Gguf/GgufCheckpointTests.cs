using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Kernels;
using Microsoft.Extensions.Logging.Abstractions;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;

public sealed class GgufCheckpointTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-gguf").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Queries in whole numbers, keys plain: computed beside each other, not together.</summary>
    [Fact]
    public void Start_FormsThatDifferWithinOneProduct_Computes()
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = GgufFixtures.CompleteBuilder().Write(folder), DType = "float32" });
        engine.Run([4, 5, 6], EngineHarness.Greedy(3)).Tokens.Should().Equal(0, 0, 0);
    }

    [Theory]
    [InlineData("gguf", null)]
    [InlineData("awq", "*awq is asked for, but the checkpoint is gguf*")]
    public void Start_QuantizationAskedFor_IsHeldAgainstTheFile(string asked, string? message)
    {
        var options = EngineHarness.Defaults with { ModelPath = GgufFixtures.CompleteBuilder().Write(folder), Quantization = asked };
        var start = () => EngineCoreFactory.Create(options, TimeProvider.System, NullLogger.Instance).Dispose();
        if (message is null)
        {
            start.Should().NotThrow();
        }
        else
        {
            start.Should().Throw<EngineStartException>().WithMessage(message);
        }
    }

    [Fact]
    public void Start_UnknownTensor_IsNamed()
    {
        var options = EngineHarness.Defaults with { ModelPath = GgufFixtures.CompleteBuilder().Floats("blk.0.surprise.weight", [1], 1).Write(folder) };
        var start = () => EngineCoreFactory.Create(options, TimeProvider.System, NullLogger.Instance);
        start.Should().Throw<EngineStartException>().WithMessage("*does not use blk.0.surprise.weight*");
    }

    [Fact]
    public void Tensor_FormThatIsNotRead_IsRefusedByName()
    {
        var path = GgufFixtures.CompleteBuilder().Tensor("extra.weight", (uint)GgufTensorType.IQ2_XXS, [256], new byte[66]).Write(folder);
        using var checkpoint = Checkpoint.Open(path);
        var read = () => checkpoint.Quantized("extra.weight");
        read.Should().Throw<CheckpointException>().WithMessage("*extra.weight is of IQ2_XXS, which is not supported*Q4_K*");
    }

    [Theory]
    [InlineData("general.architecture", "mamba", "*general.architecture 'mamba' is not supported; supported: llama, qwen2*")]
    [InlineData("general.type", "adapter", "*holds no model but adapter*")]
    [InlineData("prism.hadamard.transform", "x", "*prism.hadamard.transform*not supported*")]
    [InlineData("llama.rope.scaling.type", "spiral", "*llama.rope.scaling.type 'spiral'*")]
    public void Load_WhatIsNotComputed_IsRefused(string key, string value, string message)
    {
        var path = new GgufBuilder().Text(key, value).Text(key == "general.architecture" ? "general.name" : "general.architecture", "llama").Integer("llama.block_count", 1).Integer("llama.context_length", 64)
            .Integer("llama.embedding_length", 32).Integer("llama.feed_forward_length", 32).Integer("llama.attention.head_count", 2).Number("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Floats("token_embd.weight", [32, 1], new float[32]).Write(folder);
        var load = () => ModelConfig.Load(path);
        load.Should().Throw<CheckpointException>().WithMessage(message).WithMessage("*model.gguf*");
    }

    [Fact]
    public void Tensor_StackOfGatesAndUps_IsTakenApart()
    {
        var path = new GgufBuilder().Text("general.architecture", "qwen3moe").Integer("qwen3moe.expert_count", 2).Integer("qwen3moe.embedding_length", 2).Integer("qwen3moe.attention.head_count", 1)
            .Floats("blk.0.ffn_gate_up_exps.weight", [2, 4, 2], [.. Enumerable.Range(0, 16).Select(i => (float)i)]).Floats("blk.0.ffn_down_exps.weight", [2, 2, 2], new float[8]).Write(folder);
        using var checkpoint = Checkpoint.Open(path);
        checkpoint.Tensor("model.layers.0.mlp.experts.0.gate_proj.weight").ToFloat32().Should().Equal(0, 1, 2, 3);
        checkpoint.Tensor("model.layers.0.mlp.experts.0.up_proj.weight").ToFloat32().Should().Equal(4, 5, 6, 7);
        checkpoint.Tensor("model.layers.0.mlp.experts.1.up_proj.weight").ToFloat32().Should().Equal(12, 13, 14, 15);
        checkpoint.Shape("model.layers.0.mlp.experts.1.down_proj.weight").Should().Be(new TensorShape(2, 2));
    }

    [Fact]
    public void Open_Parts_AreOneModelWhicheverIsNamed()
    {
        Part(0, "a").Write(folder, "m-00001-of-00002.gguf");
        Part(1, "b").Write(folder, "m-00002-of-00002.gguf");
        new GgufBuilder().Text("general.type", "mmproj").Write(folder, "mmproj-m.gguf");

        foreach (var path in new[] { folder, Path.Combine(folder, "m-00001-of-00002.gguf"), Path.Combine(folder, "m-00002-of-00002.gguf") })
        {
            using var checkpoint = Checkpoint.Open(path);
            checkpoint.Names.Should().BeEquivalentTo("a", "b");
        }
    }

    [Fact]
    public void Open_PartsMissingOrMixedUp_SaysWhich()
    {
        var path = Part(0, "a").Write(folder, "m-00001-of-00002.gguf");
        var open = () => Checkpoint.Open(path);
        open.Should().Throw<CheckpointException>().WithMessage("*one of 2 parts*m-00002-of-00002.gguf is not there*");
        Part(0, "b").Write(folder, "m-00002-of-00002.gguf");
        open.Should().Throw<CheckpointException>().WithMessage("*says to be part 1 of 2, not 2 of 2*");
        var renamed = Part(0, "a").Write(folder, "renamed.gguf");
        var openAlone = () => Checkpoint.Open(renamed);
        openAlone.Should().Throw<CheckpointException>().WithMessage("*one of 2 parts, but not named like one*");
    }

    private static GgufBuilder Part(uint number, string tensor) => new GgufBuilder().Text("general.architecture", "llama").Integer("llama.embedding_length", 2).Integer("llama.attention.head_count", 1)
        .Integer("split.no", number).Integer("split.count", 2).Floats(tensor, [1], number);
}
