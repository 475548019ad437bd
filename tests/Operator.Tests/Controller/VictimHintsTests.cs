using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Controller;

public sealed class VictimHintsTests
{
    [Fact]
    public void Plan_CachesOfDifferentWorth_LeastGoesFirst() =>
        Order(("busy", Load(9, asked: 100, found: 5)), ("valuable", Load(0, asked: 300, found: 250)), ("middle", Load(0, asked: 200, found: 60))).Should().Equal("busy", "middle", "valuable");

    [Fact]
    public void Plan_HighHitRateOfLittleTraffic_IsWorthLittle() =>
        Order(("rate", Load(0, asked: 2, found: 2)), ("amount", Load(0, asked: 500, found: 200))).Should().Equal("rate", "amount");

    [Fact]
    public void Plan_AllCachesSaveLittle_FewestRequestsGoFirst() =>
        Order(("a", Load(3, asked: 100, found: 2)), ("b", Load(1, asked: 100, found: 4)), ("c", Load(2, asked: 100, found: 0))).Should().Equal("b", "c", "a");

    [Fact]
    public void Plan_NoRatesYet_HitRateStandsForTheWorth() =>
        Order(("a", new ReplicaLoad(0, 1, 0, 0.9, 0)), ("b", new ReplicaLoad(0, 5, 0, 0.2, 0))).Should().Equal("b", "a");

    [Fact]
    public void Plan_LoadUnknown_GetsNoCostAndGoesFirst()
    {
        var plan = VictimHints.Plan([Pod("silent"), Pod("told")], new Dictionary<string, ReplicaLoad> { ["told"] = Load(0, 100, 0) }).ToList();

        plan.Should().ContainSingle().Which.Pod.Metadata.Name.Should().Be("told");
        int.Parse(plan[0].Cost!, System.Globalization.CultureInfo.InvariantCulture).Should().BePositive("a pod without the annotation costs 0");
    }

    [Fact]
    public async Task WriteAsync_LoadIsNoLongerKnown_WithdrawsTheCostAndNothingElse()
    {
        var harness = new OperatorHarness();
        await harness.Client.CreateAsync(Pod("a") with { Metadata = Pod("a").Metadata with { Annotations = new Dictionary<string, string> { ["theirs"] = "1" } } }, null, default);
        var hints = new VictimHints(harness.Client);
        await hints.WriteAsync(await ObservedAsync(harness, new Dictionary<string, ReplicaLoad> { ["a"] = Load(1, 100, 50) }), default);
        var marked = await PodAsync(harness);
        marked.Metadata.Annotations.Should().Contain(VictimHints.Annotation, "50002").And.Contain("theirs", "1");

        await hints.WriteAsync(await ObservedAsync(harness, new Dictionary<string, ReplicaLoad>()), default);

        (await PodAsync(harness)).Metadata.Annotations.Should().Equal(new Dictionary<string, string> { ["theirs"] = "1" });
    }

    [Fact]
    public async Task WriteAsync_PodIsGone_MakesNone()
    {
        var harness = new OperatorHarness();
        await harness.Client.CreateAsync(Pod("a"), null, default);
        var observed = await ObservedAsync(harness, new Dictionary<string, ReplicaLoad> { ["a"] = Load(1, 100, 50) });
        await harness.Client.DeleteAsync<V1Pod>("a", "team", null, default);

        await new VictimHints(harness.Client).WriteAsync(observed, default);

        (await harness.Client.ListAsync<V1Pod>("team", null, default)).Items.Should().BeEmpty();
    }

    [Fact]
    public void Plan_CostOfAnotherManager_IsNotWithdrawn() =>
        VictimHints.Plan([Pod("a") with { Metadata = Pod("a").Metadata with { Annotations = new Dictionary<string, string> { [VictimHints.Annotation] = "7" } } }], new Dictionary<string, ReplicaLoad>())
            .Should().BeEmpty();

    [Fact]
    public void Plan_WildNumbers_StayCosts()
    {
        var loads = new Dictionary<string, ReplicaLoad> { ["a"] = Load(1e9, asked: 1e-6, found: 1e12), ["b"] = Load(1e9, asked: 1e-6, found: 0) };

        VictimHints.Plan([Pod("a"), Pod("b")], loads).Select(p => p.Cost).Should().Equal("1009999", "9999");
    }

    /// <summary>With the owners of fields as an API server tells them; the fake does not.</summary>
    private static async Task<ObservedState> ObservedAsync(OperatorHarness harness, IReadOnlyDictionary<string, ReplicaLoad> loads)
    {
        var owned = JsonSerializer.SerializeToElement(new[]
        {
            new { manager = "octavo-operator", operation = "Apply", fieldsV1 = JsonNode.Parse($$$$$"""{"f:metadata":{"f:annotations":{"f:{{{{{VictimHints.Annotation}}}}}":{}}}}""") },
        });
        var pods = (await harness.Client.ListAsync<V1Pod>("team", null, default)).Items;
        return new ObservedState
        {
            Service = new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team" }, Spec = OperatorHarness.Spec() },
            Pods = [.. pods.Select(p => p.Metadata.Annotations?.ContainsKey(VictimHints.Annotation) == true ? p with { Metadata = p.Metadata with { ManagedFields = owned } } : p)],
            Autoscaler = AutoscalerState.Resume(1, null) with { Loads = loads },
            Now = harness.Time.GetUtcNow(),
        };
    }

    private static Task<V1Pod> PodAsync(OperatorHarness harness) => harness.Client.GetAsync<V1Pod>("a", "team", default);

    private static IEnumerable<string> Order(params (string Pod, ReplicaLoad Load)[] replicas) =>
        VictimHints.Plan([.. replicas.Select(r => Pod(r.Pod))], replicas.ToDictionary(r => r.Pod, r => r.Load))
            .OrderBy(p => int.Parse(p.Cost!, System.Globalization.CultureInfo.InvariantCulture)).Select(p => p.Pod.Metadata.Name!);

    private static V1Pod Pod(string name) => new() { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "team" } };

    private static ReplicaLoad Load(double running, double asked, double found) =>
        new(0, running, 0.1, null, 0) { Rates = new ReplicaRates { PromptTokensPerSecond = asked, CacheHitTokensPerSecond = found } };
}
