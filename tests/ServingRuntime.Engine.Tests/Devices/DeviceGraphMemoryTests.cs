using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.Tests.Devices;

/// <summary>Graphs take memory of the device that nobody has asked for: what becomes of requests where there is little.</summary>
[Collection(DeviceCollection.Name)]
public sealed class DeviceGraphMemoryTests : IDisposable
{
    private static readonly EngineOptions Options = DeviceBed.Options("qwen3_gqa_sharded_f32");
    private readonly DeviceBed bed = new();

    public void Dispose() => bed.Dispose();

    /// <summary>The first launch brings a graph to the device.</summary>
    [SkippableFact]
    public void Replay_NoMemoryForTheFirstLaunch_GoesOnKernelByKernelAndTriesAgain()
    {
        var driver = bed.Fake.Driver;
        using var engine = new EngineHarness(Options, bed.Open());
        driver.Fail("cuGraphLaunch", 1, 2);
        engine.Run([1, 2, 3], EngineHarness.Greedy(8)).Tokens.Should().HaveCount(8);
        driver.Calls.Count(call => call == "cuGraphLaunch").Should().BeGreaterThan(2, "a later record finds room");
    }

    [SkippableFact]
    public void Replay_MemoryRunsShort_TheGraphOfLongestAgoGivesWay()
    {
        var driver = bed.Fake.Driver;
        using var backend = bed.Open();
        using var engine = new EngineHarness(Options, backend);
        engine.Add("a", [1, 2, 3], EngineHarness.Greedy(40));
        Steps(5);
        engine.Add("b", [1, 2, 4], EngineHarness.Greedy(5));
        Steps(4);
        backend.GraphCount.Should().Be(2, "of one and of two sequences");
        driver.Become(bytes: driver.UsedBytes + (1 << 20));
        engine.Add("c", [1, 2, 5], EngineHarness.Greedy(5));
        engine.Add("d", [1, 2, 6], EngineHarness.Greedy(5));
        Steps(4);
        backend.GraphCount.Should().Be(2, "that of four sequences took a place");
        engine.RunToEnd();
        engine.Results.Values.Should().AllSatisfy(result => result.FinishReason.Should().Be(FinishReason.Length));

        void Steps(int count)
        {
            for (var i = 0; i < count; i++)
            {
                engine.Step();
            }
        }
    }
}
