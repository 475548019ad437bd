using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Deployments;
using static Octavo.LocalCluster.Tests.Controllers.Deployments.DeploymentPlannerTests;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Deployments;

public sealed class DeploymentStatusBuilderTests
{
    [Fact]
    public void Build_InARollout_CountsAllSetsAndLeavesZerosOut()
    {
        var status = DeploymentStatusBuilder.Build(View(Deployment(3, "b"), Set("old", 2, 2, "a"), Set("new", 2, 0, "b")), Now, null);
        (status.Replicas, status.UpdatedReplicas, status.AvailableReplicas, status.UnavailableReplicas, status.ObservedGeneration).Should().Be((4, 2, 2, 2, 7));
        Condition(status, "Available").Reason.Should().Be("MinimumReplicasUnavailable", "3 x 25% rounded down is none");
        DeploymentStatusBuilder.Build(View(Deployment(3, "b")), Now, null).Replicas.Should().BeNull();
    }

    [Fact]
    public void Build_AllNewAndAvailable_IsNewReplicaSetAvailable()
    {
        var status = DeploymentStatusBuilder.Build(View(Deployment(2, "b"), Set("new", 2, 2, "b")), Now, null);
        Condition(status, "Progressing").Should().Match<V1DeploymentCondition>(c => c.Status == "True" && c.Reason == "NewReplicaSetAvailable"
            && c.Message == "ReplicaSet \"new\" has successfully progressed.");
        status.UnavailableReplicas.Should().BeNull();
    }

    [Fact]
    public void Build_NoProgressBeyondTheDeadline_IsProgressDeadlineExceeded()
    {
        var view = View(Deployment(1, "b"), Set("new", 1, 0, "b"));
        var first = DeploymentStatusBuilder.Build(view, Now, "new");
        Condition(first, "Progressing").Reason.Should().Be("NewReplicaSetCreated");

        var second = DeploymentStatusBuilder.Build(With(view, first), Now.AddSeconds(599), null);
        Condition(second, "Progressing").Status.Should().Be("True");

        var late = DeploymentStatusBuilder.Build(With(view, second), Now.AddSeconds(601), null);
        Condition(late, "Progressing").Should().Match<V1DeploymentCondition>(c => c.Status == "False" && c.Reason == "ProgressDeadlineExceeded");
    }

    [Fact]
    public void Build_MorePodsReady_MovesTheUpdateTimeButNotTheTransition()
    {
        var before = DeploymentStatusBuilder.Build(View(Deployment(2, "b"), Set("new", 2, 0, "b")), Now, null);
        var after = DeploymentStatusBuilder.Build(With(View(Deployment(2, "b"), Set("new", 2, 1, "b")), before), Now.AddSeconds(30), null);
        var progressing = Condition(after, "Progressing");
        progressing.LastUpdateTime.Should().Be(Now.AddSeconds(30));
        progressing.LastTransitionTime.Should().Be(Now);
    }

    [Fact]
    public void Build_NothingChanged_IsTheSameStatus()
    {
        var view = View(Deployment(2, "b"), Set("new", 2, 2, "b"));
        var first = DeploymentStatusBuilder.Build(view, Now, null);
        var second = DeploymentStatusBuilder.Build(With(view, first), Now.AddHours(1), null);
        KubernetesClient.KubernetesJson.DeepEquals(first, second).Should().BeTrue();
    }

    [Fact]
    public void UntilDeadline_RolloutUnderWay_IsWhatIsLeft()
    {
        var view = View(Deployment(1, "b"), Set("new", 1, 0, "b"));
        var status = DeploymentStatusBuilder.Build(view, Now, "new");
        DeploymentStatusBuilder.UntilDeadline(view.Deployment, status, Now.AddSeconds(100)).Should().Be(TimeSpan.FromSeconds(501));
    }

    private static V1DeploymentCondition Condition(V1DeploymentStatus status, string type) => status.Conditions!.Single(c => c.Type == type);

    private static DeploymentView With(DeploymentView view, V1DeploymentStatus status) => view with { Deployment = view.Deployment with { Status = status } };
}
