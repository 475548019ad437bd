using FsCheck;
using FsCheck.Fluent;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>
/// Random arrivals, several answers to a prompt, tenants, priorities, deadlines, cancellations, tiny caches, chunks and steps: every request gets, bit for bit, what it gets alone
/// without a cache. The load is <see cref="TrafficScenario"/>'s, what must hold after each step <see cref="TrafficRun"/>'s.
/// </summary>
public sealed class ExactnessTests : IDisposable
{
    private readonly EngineHarness alone = new(EngineHarness.Defaults with { EnablePrefixCaching = false });
    private readonly List<TrafficRun> runs = [];

    [Fact]
    public void Step_RandomTraffic_TokensAndLogprobsAsAlone()
    {
        Prop.ForAll(Arb.From(TrafficScenario.Any), Check).Check(Config.QuickThrowOnFailure.WithMaxTest(30).WithReplay(20251122, 7));
        runs.Sum(run => run.Preemptions).Should().BePositive("the scenarios are meant to be tight");
        runs.Sum(run => run.CacheHits).Should().BePositive("and to share");
        runs.Sum(run => run.SharedPrompts).Should().BePositive("also prompts, block by block");
        runs.Sum(run => run.TierLoads).Should().BePositive("also through the second tier");
        runs.Sum(run => run.Expired).Should().BePositive("and some deadlines to pass");
    }

    public void Dispose() => alone.Dispose();

    private void Check(TrafficScenario scenario)
    {
        var run = new TrafficRun(scenario);
        run.PlayAndCompare(request => alone.Run(request.Prompt, request.Parameters));
        runs.Add(run);
    }
}
