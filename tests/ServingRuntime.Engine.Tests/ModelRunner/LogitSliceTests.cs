using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.Tests.Speculation;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.ModelRunner;

public sealed class LogitSliceTests
{
    /// <summary>Logits for 32 rows at a time, where a step wants some 200: requests' rows lie across the borders.</summary>
    [Fact]
    public void Execute_MoreRowsThanASlice_SameTokens()
    {
        var options = EngineHarness.Defaults with { NumBlocksOverride = 512, Speculative = new SpeculativeOptions { NumSpeculativeTokens = 6, MaxRunningRequests = 64 } };
        using var backend = new CpuBackend(1);
        using var checkpoint = Checkpoint.Open(options.ModelPath);
        var config = ModelConfig.Load(Repository.TinyModel);
        using var model = ModelRegistry.Create(config, new WeightLoader(checkpoint, backend, DType.Float32), config.MaxPositionEmbeddings);
        var cache = new KVCacheConfig(512, 16, 1);
        var runner = new Engine.ModelRunner.ModelRunner(backend, model, config, options, config.MaxPositionEmbeddings, maxLogitsBytes: 1);
        runner.AllocateBlocks(cache);
        var proposer = new OracleProposer(id => GoldenCase.All[int.Parse(id) % 8].GreedyIds, errsInOneOf: 5, seed: 2);
        using var core = new EngineCore(options, cache, config.MaxPositionEmbeddings, config.VocabSize, config.HiddenSize, runner, TimeProvider.System, proposer);
        for (var i = 0; i < 48; i++)
        {
            core.AddRequest(new EngineCoreRequest
            {
                RequestId = $"{i}", PromptTokenIds = GoldenCase.All[i % 8].InputIds,
                SamplingParams = EngineHarness.Greedy(48) with { PromptLogprobs = i == 7 ? 0 : null },
            });
        }

        var tokens = Enumerable.Range(0, 48).Select(_ => new List<int>()).ToList();
        var outputs = new List<EngineCoreOutput>();
        while (core.HasUnfinishedRequests)
        {
            core.Step(outputs);
            outputs.ForEach(output => tokens[int.Parse(output.RequestId)].Add(output.NewTokenId!.Value));
        }

        for (var i = 0; i < 48; i++)
        {
            tokens[i].Should().Equal(GoldenCase.All[i % 8].GreedyIds, $"request {i}");
        }
    }
}
