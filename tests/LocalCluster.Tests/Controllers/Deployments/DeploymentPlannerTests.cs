using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Deployments;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Deployments;

public sealed class DeploymentPlannerTests
{
    [Fact]
    public void Of_SeveralSets_FindsTheOneWithTheTemplate()
    {
        var view = View(Deployment(3, image: "b"), Set("old", 3, 3, image: "a", revision: 4), Set("new", 1, 0, image: "b"));
        view.New!.Metadata.Name.Should().Be("new");
        view.Old.Should().ContainSingle().Which.Metadata.Name.Should().Be("old");
        view.NewRevision.Should().Be(5);
    }

    [Fact]
    public void Plan_Rolling_GrowsTheNewSetBeforeItShrinksTheOld()
    {
        var view = View(Deployment(3, image: "b"), Set("old", 3, 3, image: "a"), Set("new", 0, 0, image: "b"));
        Sizes(DeploymentPlanner.Plan(view, oldPodsRemain: true)).Should().Equal(("new", 1));
    }

    [Fact]
    public void Plan_Recreate_WaitsUntilNoOldPodIsLeft()
    {
        var deployment = Deployment(2, image: "b", strategy: "Recreate");
        Sizes(DeploymentPlanner.Plan(View(deployment, Set("old", 2, 2, image: "a"), Set("new", 0, 0, image: "b")), true)).Should().Equal(("old", 0));
        DeploymentPlanner.Plan(View(deployment, Set("old", 0, 0, image: "a"), Set("new", 0, 0, image: "b")), true).Should().BeEmpty();
        Sizes(DeploymentPlanner.Plan(View(deployment, Set("old", 0, 0, image: "a"), Set("new", 0, 0, image: "b")), false)).Should().Equal(("new", 2));
    }

    [Fact]
    public void Plan_ScaledWhilePaused_ScalesTheActiveSet()
    {
        var deployment = Deployment(5, image: "b");
        var view = View(deployment with { Spec = deployment.Spec! with { Paused = true } }, Set("old", 2, 2, image: "a"));
        Sizes(DeploymentPlanner.Plan(view, true)).Should().Equal(("old", 5));
    }

    [Fact]
    public void Plan_ScalingEventWithRightSizes_StillNotesTheNewTotal()
    {
        // Otherwise the annotation would stay behind and the rollout would never go on.
        var view = View(Deployment(2, image: "b"), Set("new", 2, 2, image: "b", desired: 3));
        Sizes(DeploymentPlanner.Plan(view, false)).Should().Equal(("new", 2));
    }

    [Fact]
    public void Expired_BeyondTheHistory_AreTheOldestEmptyOnes()
    {
        var deployment = Deployment(1, image: "d");
        var view = View(
            deployment with { Spec = deployment.Spec! with { RevisionHistoryLimit = 1 } },
            Set("r1", 0, 0, "a", 1), Set("r2", 0, 0, "b", 2), Set("r3", 0, 0, "c", 3), Set("r4", 1, 1, "d", 4));
        DeploymentPlanner.Expired(view).Select(s => s.Metadata.Name).Should().Equal("r1", "r2");
    }

    internal static V1Deployment Deployment(int replicas, string image, string? strategy = null) => new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "default", Generation = 7 },
        Spec = new V1DeploymentSpec
        {
            Replicas = replicas,
            Template = Template(image),
            Strategy = new V1DeploymentStrategy { Type = strategy ?? "RollingUpdate" },
            ProgressDeadlineSeconds = 600,
        },
    };

    internal static V1ReplicaSet Set(string name, int size, int available, string image, int revision = 1, int? desired = null, int? replicas = null) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            Uid = name,
            CreationTimestamp = Now.AddMinutes(revision),
            Annotations = new Dictionary<string, string>
            {
                ["deployment.kubernetes.io/revision"] = revision.ToString(System.Globalization.CultureInfo.InvariantCulture),
            }.Concat(desired is null ? [] : [KeyValuePair.Create("deployment.kubernetes.io/desired-replicas", desired.Value.ToString(System.Globalization.CultureInfo.InvariantCulture))]).ToDictionary(),
        },
        Spec = new V1ReplicaSetSpec { Replicas = size, Template = Template(image) },
        Status = new V1ReplicaSetStatus { Replicas = replicas ?? size, AvailableReplicas = available, ReadyReplicas = available },
    };

    internal static DeploymentView View(V1Deployment deployment, params V1ReplicaSet[] sets) => DeploymentView.Of(deployment, sets);

    private static V1PodTemplateSpec Template(string image) => new() { Spec = new V1PodSpec { Containers = [new V1Container { Name = "main", Image = image }] } };

    private static IEnumerable<(string, int)> Sizes(IEnumerable<ReplicaSetScale> scales) => scales.Select(s => (s.Set.Metadata.Name!, s.Size));
}
