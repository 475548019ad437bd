using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Subresources;

namespace Octavo.LocalCluster.Tests.ApiServer.Subresources;

public sealed class EvictionBudgetTests
{
    [Fact]
    public void Take_OneIsLeft_CountsItAndNotesThePod()
    {
        var taken = EvictionBudget.Take(Budget(allowed: 1), "p", "2026-01-01T00:00:00Z");
        taken["status"]!["disruptionsAllowed"]!.GetValue<long>().Should().Be(0);
        taken["status"]!["disruptedPods"]!["p"]!.ToString().Should().Be("2026-01-01T00:00:00Z");
    }

    [Fact]
    public void Take_NoneIsLeft_SaysHowManyAreNeeded()
    {
        var refusal = FluentActions.Invoking(() => EvictionBudget.Take(Budget(allowed: 0), "p", "")).Should().Throw<ApiException>().Which;
        (refusal.Code, refusal.Reason, refusal.Message, refusal.RetryAfterSeconds).Should().Be((429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", null));
        refusal.Details!["causes"]!.ToJsonString().Should().Be("""[{"reason":"DisruptionBudget","message":"The disruption budget b needs 2 healthy pods and has 1 currently"}]""");
    }

    [Fact]
    public void Take_NotYetLookedAt_AsksToComeBack()
    {
        var refusal = FluentActions.Invoking(() => EvictionBudget.Take(Budget(allowed: 1, observed: 0), "p", "")).Should().Throw<ApiException>().Which;
        refusal.RetryAfterSeconds.Should().Be(10);
        refusal.Details!["causes"]![0]!["message"]!.ToString().Should().Be("The disruption budget b is still being processed by the server.");
    }

    [Theory]
    [InlineData("True", null, 1, 1, false)]
    [InlineData("False", null, 2, 2, true)]
    [InlineData("False", null, 1, 2, false)]
    [InlineData("False", "AlwaysAllow", 0, 2, true)]
    public void AllowsUnready_PodThatIsNotReady_GoesByThePolicy(string ready, string? policy, int healthy, int desired, bool expected)
    {
        var pod = JsonNode.Parse($$$"""{"status":{"conditions":[{"type":"Ready","status":"{{{ready}}}"}]}}""")!.AsObject();
        var budget = Budget(0);
        budget["status"]!["currentHealthy"] = healthy;
        budget["status"]!["desiredHealthy"] = desired;
        if (policy is not null)
        {
            budget["spec"]!["unhealthyPodEvictionPolicy"] = policy;
        }

        EvictionBudget.AllowsUnready(budget, pod).Should().Be(expected);
    }

    private static JsonObject Budget(int allowed, int observed = 1) => JsonNode.Parse($$$"""
        {"metadata":{"name":"b","generation":1},"spec":{},"status":{"observedGeneration":{{{observed}}},"disruptionsAllowed":{{{allowed}}},"currentHealthy":1,"desiredHealthy":2}}
        """)!.AsObject();
}
