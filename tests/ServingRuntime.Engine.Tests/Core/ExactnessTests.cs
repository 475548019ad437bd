using FsCheck;
using FsCheck.Fluent;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>
/// Random arrivals, several answers to a prompt, tenants, priorities, deadlines, cancellations, tiny caches of every type, chunks and steps, drafts, every kind of sampling, constraints, embeddings: every request gets, bit for bit, what it gets alone
/// without a cache. The load is <see cref="TrafficScenario"/>'s, what must hold after each step <see cref="TrafficRun"/>'s.
/// </summary>
public sealed class ExactnessTests : IDisposable
{
    private readonly Dictionary<string, EngineHarness> alone = new(StringComparer.Ordinal);
    private readonly List<TrafficRun> runs = [];

    [Fact]
    public void Step_RandomTraffic_TokensAndLogprobsAsAlone()
    {
        Prop.ForAll(Arb.From(TrafficScenario.Any), Check).Check(Config.QuickThrowOnFailure.WithMaxTest(40).WithReplay(20251122, 7));
        runs.Sum(run => run.Preemptions).Should().BePositive("the scenarios are meant to be tight");
        runs.Sum(run => run.CacheHits).Should().BePositive("and to share");
        runs.Sum(run => run.SharedPrompts).Should().BePositive("also prompts, block by block");
        runs.Sum(run => run.TierLoads).Should().BePositive("also through the second tier");
        runs.Sum(run => run.AcceptedDrafts).Should().BePositive("and guesses to hold");
        runs.Sum(run => run.Expired).Should().BePositive("and some deadlines to pass");
    }

    public void Dispose()
    {
        foreach (var engine in alone.Values)
        {
            engine.Dispose();
        }
    }

    private void Check(TrafficScenario scenario)
    {
        var run = new TrafficRun(scenario);
        var results = new Dictionary<string, GeneratedTokens>(StringComparer.Ordinal);
        run.PlayAndCompare(request => results.TryGetValue(request.Id, out var known) ? known : results[request.Id] = Alone(request, scenario.KVCacheDType));
        runs.Add(run);
    }

    private GeneratedTokens Alone(TrafficRequest request, string cacheType)
    {
        if (!alone.TryGetValue(cacheType, out var engine))
        {
            alone[cacheType] = engine = new EngineHarness(EngineHarness.Defaults with { EnablePrefixCaching = false, KVCacheDType = cacheType });
        }

        engine.Add(request.ToCore());
        engine.RunToEnd();
        return engine.Results[request.Id];
    }
}
