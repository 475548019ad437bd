using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>A draft model on a device: its passes of one token for each sequence are recorded and replayed as the large model's are.</summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceDraftTests : IDisposable
{
    private const int Tokens = 16;

    private static readonly EngineOptions Options = DeviceBed.Options("qwen3_gqa_sharded_f32") with { MaxNumSeqs = 2 };
    private readonly DeviceBed bed = new();

    public void Dispose() => bed.Dispose();

    [SkippableFact]
    public void Propose_PassesOfOneToken_AreReplayedAndTheTokensAreThoseOfThePlainModel()
    {
        List<int> expected;
        using (var plain = new EngineHarness(Options, bed.Open()))
        {
            expected = plain.Run([1, 2, 3], EngineHarness.Greedy(Tokens)).Tokens;
        }

        var drafts = new SpeculativeOptions { Method = SpeculativeMethod.DraftModel, DraftModelPath = Options.ModelPath, NumSpeculativeTokens = 3 };
        using var backend = bed.Open();
        using var engine = new EngineHarness(Options with { Speculative = drafts }, backend);
        engine.Run([1, 2, 3], EngineHarness.Greedy(Tokens)).Tokens.Should().Equal(expected);
        backend.GraphCount.Should().Be(1, "the large model has only drafts to check");
        var stats = engine.Core.Stats.Speculation!;
        stats.NumAcceptedTokens.Should().BeGreaterThan(Tokens / 2, "it drafts for itself");
        if (!DeviceBed.IsReal)
        {
            bed.Fake.Driver.Calls.Count(call => call == "cuGraphLaunch").Should().BeGreaterThan(4);
        }
    }
}
