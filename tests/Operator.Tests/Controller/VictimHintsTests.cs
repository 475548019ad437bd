using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Controller;

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
        int.Parse(plan[0].Cost, System.Globalization.CultureInfo.InvariantCulture).Should().BePositive("a pod without the annotation costs 0");
    }

    [Fact]
    public void Plan_WildNumbers_StayCosts()
    {
        var loads = new Dictionary<string, ReplicaLoad> { ["a"] = Load(1e9, asked: 1e-6, found: 1e12), ["b"] = Load(1e9, asked: 1e-6, found: 0) };

        VictimHints.Plan([Pod("a"), Pod("b")], loads).Select(p => p.Cost).Should().Equal("1009999", "9999");
    }

    private static IEnumerable<string> Order(params (string Pod, ReplicaLoad Load)[] replicas) =>
        VictimHints.Plan([.. replicas.Select(r => Pod(r.Pod))], replicas.ToDictionary(r => r.Pod, r => r.Load))
            .OrderBy(p => int.Parse(p.Cost, System.Globalization.CultureInfo.InvariantCulture)).Select(p => p.Pod.Metadata.Name!);

    private static V1Pod Pod(string name) => new() { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "team" } };

    private static ReplicaLoad Load(double running, double asked, double found) =>
        new(0, running, 0.1, null, 0) { Rates = new ReplicaRates { PromptTokensPerSecond = asked, CacheHitTokensPerSecond = found } };
}
