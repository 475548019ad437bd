using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Speculation;

/// <summary>The model that ships drafts for itself: then every greedy draft holds, and sampled ones hold in part.</summary>
public sealed class DraftModelTests : IDisposable
{
    private static readonly EngineOptions Options = EngineHarness.Defaults with
    {
        Speculative = new SpeculativeOptions { Method = SpeculativeMethod.DraftModel, DraftModelPath = Repository.TinyModel, NumSpeculativeTokens = 3 },
    };

    private readonly string folder = Directory.CreateTempSubdirectory("octavo-draft").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(2048)]
    [InlineData(20)]
    public void Step_Greedy_EveryDraftHolds(int budget)
    {
        using var engine = new EngineHarness(Options with { DType = "float32", MaxNumBatchedTokens = budget });
        for (var i = 0; i < 8; i++)
        {
            engine.Add($"{i}", GoldenCase.All[i].InputIds, EngineHarness.Greedy(48));
        }

        engine.RunToEnd();

        for (var i = 0; i < 8; i++)
        {
            engine.Results[$"{i}"].Tokens.Should().Equal(GoldenCase.All[i].GreedyIds);
        }

        var stats = engine.Core.Stats.Speculation!;
        stats.NumAcceptedTokens.Should().Be(stats.NumDraftTokens).And.BeGreaterThan(8 * 20);
    }

    [Fact]
    public void Step_RandomWithPreemptionsAndPauses_SameAsWithout()
    {
        using var plain = new EngineHarness();
        var parameters = EngineHarness.Greedy(40, logprobs: 2) with { Temperature = 0.7f, Seed = 5, RepetitionPenalty = 1.1f };
        var expected = Enumerable.Range(0, 7).Select(i => plain.Run(GoldenCase.All[i].InputIds, parameters)).ToList();

        // Three at most get drafts, and the blocks do not hold all.
        using var engine = new EngineHarness(Options with
        {
            NumBlocksOverride = 14, MaxModelLen = 128, AdmissionWatermark = 0, Speculative = Options.Speculative! with { MaxRunningRequests = 3 },
        });
        for (var i = 0; i < 7; i++)
        {
            engine.Add($"{i}", GoldenCase.All[i].InputIds, parameters);
        }

        engine.RunToEnd();

        for (var i = 0; i < 7; i++)
        {
            engine.Results[$"{i}"].Exact.Should().Equal(expected[i].Exact, $"request {i}");
        }

        engine.Core.Stats.NumPreemptions.Should().BePositive();
        var stats = engine.Core.Stats.Speculation!;
        stats.NumAcceptedTokens.Should().BePositive().And.BeLessThan(stats.NumDraftTokens);
    }

    [Fact]
    public void Start_AnotherVocabulary_IsRefused()
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "config.json")))!;
        config["vocab_size"] = 5000;
        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString());

        var start = () => new EngineHarness(Options with { Speculative = Options.Speculative! with { DraftModelPath = folder } });

        start.Should().Throw<Exception>().WithMessage("*4096*5000*");
        EngineOptionsValidator.Validate(Options with { Speculative = Options.Speculative! with { DraftModelPath = "/nowhere" } }).Should().ContainSingle(fault => fault.Contains("/nowhere"));
    }
}
