using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.TestSupport;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Octavo.ServingRuntime.Engine.Tests.Pooling;

public sealed class EmbeddingTests
{
    private static readonly int[] Prompt = GoldenCase.All[8].InputIds[..75];

    [Theory]
    [InlineData(PoolingType.Mean)]
    [InlineData(PoolingType.Last)]
    public void Step_Embedding_IsThatOfAPlainForwardPass(PoolingType type)
    {
        var states = PlainForward(Prompt);
        var expected = type == PoolingType.Last ? states[^1] : [.. Enumerable.Range(0, 128).Select(i => (float)states.Average(state => (double)state[i]))];
        using var engine = new EngineHarness(EngineHarness.Defaults with { DType = "float32" });

        var raw = Embed(engine, Prompt, new PoolingParams(type, Normalize: false));
        raw.Should().HaveCount(128);
        for (var i = 0; i < raw.Length; i++)
        {
            raw[i].Should().BeApproximately(expected[i], 1e-3f);
        }

        var scaled = Embed(engine, Prompt, new PoolingParams(type, Normalize: true));
        TensorPrimitives.Norm<float>(scaled).Should().BeApproximately(1, 1e-6f);
        TensorPrimitives.CosineSimilarity<float>(scaled, expected).Should().BeGreaterThan(0.99999f);

        var cut = Embed(engine, Prompt, new PoolingParams(type, Normalize: true, Dimensions: 10));
        TensorPrimitives.Norm<float>(cut).Should().BeApproximately(1, 1e-6f);
        TensorPrimitives.CosineSimilarity<float>(cut, expected.AsSpan(0, 10)).Should().BeGreaterThan(0.99999f);
    }

    [Theory]
    [InlineData(PoolingType.Mean, 1)]
    [InlineData(PoolingType.Mean, 17)]
    [InlineData(PoolingType.Last, 3)]
    [InlineData(PoolingType.Last, 200)]
    public void Step_ChunkedAmongOthersAndCached_SameBits(PoolingType type, int chunk)
    {
        using var alone = new EngineHarness(EngineHarness.Defaults with { EnablePrefixCaching = false });
        var expected = Embed(alone, Prompt, new PoolingParams(type));

        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxNumBatchedTokens = chunk, CpuThreads = 2 });
        engine.Run(Prompt, EngineHarness.Greedy(1));
        engine.Add("tokens", GoldenCase.All[1].InputIds, EngineHarness.Greedy(48));
        engine.Add(Request("vector", Prompt, new PoolingParams(type)));
        engine.RunToEnd();

        engine.Results["vector"].Last.Embedding.Should().Equal(expected);
        engine.Results["vector"].Last.NumCachedTokens.Should().Be(type == PoolingType.Mean ? 0 : 64, "a mean needs every token's state");
        engine.Results["tokens"].Tokens.Should().Equal(GoldenCase.All[1].GreedyIds);
    }

    [Fact]
    public void Step_Preempted_SameBits()
    {
        using var alone = new EngineHarness();
        var expected = Embed(alone, Prompt, new PoolingParams(PoolingType.Mean));

        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxModelLen = 96, NumBlocksOverride = 7, MaxNumBatchedTokens = 8, AdmissionWatermark = 0 });
        engine.Add("tokens", GoldenCase.All[0].InputIds, EngineHarness.Greedy(60));
        engine.Step();
        engine.Step();
        engine.Add(Request("vector", Prompt, new PoolingParams(PoolingType.Mean)) with { Priority = 1 });
        engine.RunToEnd();

        engine.Core.Stats.NumPreemptions.Should().BePositive();
        engine.Results["vector"].Last.Embedding.Should().Equal(expected);
    }

    [Fact]
    public void Step_PromptAsLongAsTheModel_IsAllowedAndEndsWithStop()
    {
        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxModelLen = 64 });
        engine.Add(Request("long", Prompt[..64], new PoolingParams(PoolingType.Mean)));
        engine.Add(Request("too long", Prompt[..65], new PoolingParams(PoolingType.Mean)));
        engine.Add(Request("too wide", Prompt[..5], new PoolingParams(PoolingType.Last, Dimensions: 129)));
        engine.RunToEnd();
        engine.Results["long"].Last.FinishReason.Should().Be(FinishReason.Stop);
        engine.Results["long"].Last.Embedding.Should().HaveCount(128);
        engine.Results["long"].Tokens.Should().BeEmpty();
        engine.Results["too long"].Last.ErrorMessage.Should().Contain("1 to 64 tokens");
        engine.Results["too wide"].Last.ErrorMessage.Should().Contain("1 to 128 dimensions");
        engine.Core.Stats.KVCacheUsage.Should().Be(0);
    }

    private static float[] Embed(EngineHarness engine, int[] prompt, PoolingParams pooling)
    {
        var id = $"embed-{engine.Results.Count}";
        engine.Add(Request(id, prompt, pooling));
        engine.RunToEnd();
        engine.Results[id].FinishReason.Should().Be(FinishReason.Stop, engine.Results[id].Last.ErrorMessage ?? "");
        return engine.Results[id].Last.Embedding!;
    }

    private static EngineCoreRequest Request(string id, int[] prompt, PoolingParams pooling) =>
        new() { RequestId = id, PromptTokenIds = prompt, SamplingParams = new SamplingParams(), Pooling = pooling };

    /// <summary>Hidden states of all tokens by the plain backend, in one piece, without engine or cache.</summary>
    private static List<float[]> PlainForward(int[] prompt)
    {
        using var backend = new ReferenceBackend();
        using var checkpoint = Checkpoint.Open(Repository.TinyModel);
        var config = ModelConfig.Load(Repository.TinyModel);
        using var model = ModelRegistry.Create(config, new WeightLoader(checkpoint, backend, DType.Float32), 128);
        Tensor Ints(params int[] values)
        {
            var tensor = backend.Allocate(new TensorShape(values.Length), DType.Int32);
            backend.CopyToDevice<int>(values, tensor);
            return tensor;
        }

        var cache = Enumerable.Range(0, config.NumHiddenLayers).Select(_ => backend.AllocateKeyValueBlocks(8, config.NumKeyValueHeads, config.HeadDim, 16, DType.Float32)).ToArray();
        int[] positions = [.. Enumerable.Range(0, prompt.Length)];
        var table = Ints(0, 1, 2, 3, 4, 5, 6, 7);
        var metadata = new AttentionMetadata(
            Ints(positions), Ints(positions),
            new PagedSequences(Ints(0, prompt.Length), Ints(prompt.Length), new Tensor(table.Memory, 0, new TensorShape(1, 8), DType.Int32)));
        var hidden = model.Forward(Ints(prompt), metadata, cache);
        return [.. positions.Select(t => hidden.Row<float>(t).ToArray())];
    }
}
