using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.ReplicaSets;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.ReplicaSets;

public sealed class ReplicaSetPlannerTests
{
    [Theory]
    [InlineData(3, 1, 2, 0)]
    [InlineData(1, 3, 0, 2)]
    [InlineData(2, 2, 0, 0)]
    public void Plan_WantedAgainstThere_CreatesOrDeletesTheDifference(int wanted, int there, int create, int delete)
    {
        var plan = ReplicaSetPlanner.Plan(Set(wanted), [.. Enumerable.Range(0, there).Select(i => Pod($"p{i}"))]);
        plan.Create.Should().Be(create);
        plan.Delete.Should().HaveCount(delete);
    }

    [Fact]
    public void Status_ReadyForTooShort_IsNotAvailableAndToldWhenToLookAgain()
    {
        var status = ReplicaSetPlanner.Status(Set(2, minReadySeconds: 600), [Pod("a", readyMinutes: 20), Pod("b", readyMinutes: 4)], Now, null, out var lookAgain);
        (status.Replicas, status.ReadyReplicas, status.AvailableReplicas, status.FullyLabeledReplicas).Should().Be((2, 2, 1, 2));
        lookAgain.Should().Be(TimeSpan.FromMinutes(6));
    }

    [Fact]
    public void Status_CreationFailed_SaysWhyAndForgetsLater()
    {
        var failed = ReplicaSetPlanner.Status(Set(1), [], Now, "no service account", out _);
        failed.Conditions.Should().ContainSingle().Which.Message.Should().Be("no service account");
        ReplicaSetPlanner.Status(Set(1) with { Status = failed }, [], Now, null, out _).Conditions.Should().BeNull();
    }

    private static V1ReplicaSet Set(int replicas, int minReadySeconds = 0) => new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "default", Generation = 4 },
        Spec = new V1ReplicaSetSpec
        {
            Replicas = replicas,
            MinReadySeconds = minReadySeconds,
            Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = Labels("app=web") } },
        },
    };
}
