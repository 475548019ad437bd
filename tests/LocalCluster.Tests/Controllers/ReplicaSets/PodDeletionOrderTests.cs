using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.ReplicaSets;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.ReplicaSets;

public sealed class PodDeletionOrderTests
{
    public static TheoryData<string, V1Pod, V1Pod> Pairs => new()
    {
        { "unassigned before assigned", Pod("victim", phase: "Pending", node: null, ready: false), Pod("kept", phase: "Pending", ready: false) },
        { "pending before running", Pod("victim", phase: "Pending", ready: false), Pod("kept", ready: false) },
        { "not ready before ready, whatever the cost", Pod("victim", ready: false, cost: "100"), Pod("kept", cost: "-100") },
        { "cheap before dear", Pod("victim", cost: "-1", readyMinutes: 9), Pod("kept", cost: "5", readyMinutes: 1) },
        { "absent cost is zero", Pod("victim", readyMinutes: 9), Pod("kept", cost: "1", readyMinutes: 1) },
        { "shorter ready before longer", Pod("victim", readyMinutes: 1), Pod("kept", readyMinutes: 5) },
        { "more restarts first", Pod("victim", restarts: 3), Pod("kept") },
        { "younger before older", Pod("victim", ageMinutes: 2), Pod("kept", ageMinutes: 9) },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Victims_OfTwo_TakesTheLesserOne(string rule, V1Pod victim, V1Pod kept) =>
        PodDeletionOrder.Victims([kept, victim], 1).Should().ContainSingle().Which.Metadata.Name.Should().Be(victim.Metadata.Name, rule);

    [Fact]
    public void Victims_NodesDiffer_TakesFromTheFullerNode() =>
        PodDeletionOrder.Victims([Pod("a", node: "n1", readyMinutes: 1), Pod("b", node: "n2", readyMinutes: 9), Pod("c", node: "n2", readyMinutes: 8)], 1)
            .Single().Metadata.Name.Should().Be("c");

    [Fact]
    public void Cost_Malformed_IsZero() => PodDeletionOrder.Cost(Pod("a", cost: "much")).Should().Be(0);
}
