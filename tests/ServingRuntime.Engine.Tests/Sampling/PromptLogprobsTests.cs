using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Sampling;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Engine.Tests.Sampling;

public sealed class PromptLogprobsTests
{
    private static readonly int[] Prompt = GoldenCase.All[8].InputIds[..70];
    private static readonly SamplingParams Wanted = EngineHarness.Greedy(3) with { PromptLogprobs = 3 };

    [Fact]
    public void Step_PromptLogprobs_AreThoseOfSamplingEachTokenAfterItsPrefix()
    {
        using var engine = new EngineHarness();
        var result = engine.Run(Prompt, Wanted);

        result.PromptLogprobs.Should().HaveCount(Prompt.Length);
        result.PromptLogprobs![0].Should().BeNull();
        for (var i = 1; i < Prompt.Length; i++)
        {
            var sampled = engine.Run(Prompt[..i], EngineHarness.Greedy(1, logprobs: -1)).Logprobs[0];
            var entry = result.PromptLogprobs[i]!;
            entry.TokenId.Should().Be(Prompt[i]);
            entry.Top.Should().Equal(sampled.Top.Take(3), $"position {i}");
            entry.Logprob.Should().Be(sampled.Top.First(t => t.TokenId == Prompt[i]).Logprob);
            sampled.Top[entry.Rank - 1].TokenId.Should().Be(Prompt[i]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(33)]
    public void Step_InChunksAmongOthers_SameBits(int chunk)
    {
        using var whole = new EngineHarness();
        var expected = whole.Run(Prompt, Wanted).ExactPrompt.ToList();

        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxNumBatchedTokens = chunk, CpuThreads = 2 });
        engine.Run(Prompt, EngineHarness.Greedy(2));
        engine.Add("other", GoldenCase.All[1].InputIds, EngineHarness.Greedy(20));
        engine.Add("wanted", Prompt, Wanted);
        engine.RunToEnd();

        engine.Results["wanted"].ExactPrompt.Should().Equal(expected);
        engine.Results["wanted"].Last.NumCachedTokens.Should().Be(0, "what is not computed has no log-probabilities");
    }

    [Fact]
    public void Step_Preempted_SameBitsDeliveredOnce()
    {
        using var whole = new EngineHarness();
        var parameters = Wanted with { MaxTokens = 40 };
        var expected = whole.Run(Prompt, parameters);

        using var engine = new EngineHarness(EngineHarness.Defaults with { MaxModelLen = 112, NumBlocksOverride = 9, MaxNumBatchedTokens = 20, AdmissionWatermark = 0 });
        engine.Add("wanted", Prompt, parameters, priority: 1);
        for (var i = 0; i < 3; i++)
        {
            engine.Step();
        }

        // Takes the blocks while the prompt is half read, and again later.
        engine.Add("first", GoldenCase.All[1].InputIds, EngineHarness.Greedy(90));
        engine.RunToEnd();

        engine.Core.Stats.NumPreemptions.Should().BePositive();
        engine.Results["wanted"].ExactPrompt.Should().Equal(expected.ExactPrompt);
        engine.Results["wanted"].Tokens.Should().Equal(expected.Tokens);
    }

    [Fact]
    public void Step_PromptOfOneToken_HasOneEmptyEntry()
    {
        using var engine = new EngineHarness();
        var result = engine.Run([5], Wanted);
        result.PromptLogprobs.Should().ContainSingle().Which.Should().BeNull();
        result.Tokens.Should().HaveCount(3);
    }

    [Fact]
    public void Score_MoreRowsThanASlice_AsksForNoMoreThanThatAtOnce()
    {
        using var backend = new CpuBackend(1);
        using var model = new TableModel(backend, vocabulary: 50);
        using var scorer = new PromptScorer(backend, model, 50, maxRows: 4);
        var request = new Request(
            new EngineCoreRequest { RequestId = "r", PromptTokenIds = [.. Enumerable.Range(0, 12)], SamplingParams = new SamplingParams { PromptLogprobs = 0 } }, 0, 0);

        scorer.Score(request.PromptLogprobs!, default, 100, new ScheduledRequest(request, 7));
        request.NumComputedTokens = 7;
        scorer.Score(request.PromptLogprobs!, default, 30, new ScheduledRequest(request, 5));

        model.Asked.Should().Equal("100 101 102 103", "104 105 106", "30 31 32 33");
        request.PromptLogprobs!.IsComplete.Should().BeTrue();
        request.PromptLogprobs.Take()!.Skip(1).Select(entry => entry!.TokenId).Should().Equal(Enumerable.Range(1, 11));
    }

    /// <summary>Remembers which rows it was asked for.</summary>
    private sealed class TableModel(IKernelBackend backend, int vocabulary) : ICausalLM
    {
        public bool NeedsHost => false;

        private readonly Tensor logits = backend.Allocate(new TensorShape(64, vocabulary), DType.Float32);

        public List<string> Asked { get; } = [];

        public Tensor Forward(in Tensor tokenIds, in AttentionMetadata metadata, IReadOnlyList<KeyValueBlocks> cache) => throw new NotSupportedException();

        public Tensor ComputeLogits(in Tensor hidden, in Tensor rows)
        {
            Asked.Add(string.Join(' ', rows.AsSpan<int>().ToArray()));
            return logits.Rows(0, rows.Shape[0]);
        }

        public void Dispose() => logits.Memory.Dispose();
    }
}
