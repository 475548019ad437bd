using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.LeaderWorkerSets;

namespace Octavo.LocalCluster.Tests.Controllers.LeaderWorkerSets;

public sealed class GroupPlannerTests
{
    [Fact]
    public void Plan_Nothing_MakesTheLeaders() => Plan(Set(replicas: 2), []).Create.Should().Equal((0, 0), (1, 0));

    [Fact]
    public void Plan_LeaderThere_MakesItsWorkers() => Plan(Set(), [Group(0, pods: 1)]).Create.Should().Equal((0, 1), (0, 2));

    [Fact]
    public void Plan_LeaderMustBeReady_WaitsForIt() =>
        Plan(Set() with { Spec = Set().Spec! with { StartupPolicy = "LeaderReady" } }, [Group(0, pods: 1, ready: false)]).Create.Should().BeEmpty();

    [Theory]
    [InlineData(null, 1)]
    [InlineData("None", 0)]
    public void Plan_WorkerRestarted_MakesTheWholeGroupAnewUnlessToldOtherwise(string? policy, int deletions)
    {
        var set = Set();
        set = set with { Spec = set.Spec! with { LeaderWorkerTemplate = set.Spec.LeaderWorkerTemplate! with { RestartPolicy = policy } } };
        Plan(set, [Group(0, restarts: 1)]).Delete.Count.Should().Be(deletions);
    }

    [Fact]
    public void Plan_TemplateChanged_ReplacesOneGroupAtATimeFromTheTop()
    {
        var groups = new[] { Group(0, revision: "old"), Group(1, revision: "old"), Group(2, revision: "old") };
        Plan(Set(replicas: 3), groups).Delete.Select(g => g.Index).Should().Equal(2);
        Plan(Set(replicas: 3), [groups[0], groups[1], Group(2, ready: false)]).Delete.Should().BeEmpty("one is out already");
    }

    [Fact]
    public void Plan_OutdatedAndNeverReady_GoesAtOnce() =>
        Plan(Set(replicas: 2), [Group(0, revision: "old"), Group(1, revision: "old", ready: false)]).Delete.Select(g => g.Index).Should().Equal(1);

    [Fact]
    public void Plan_ScaledDown_TakesTheHighest() => Plan(Set(), [Group(0), Group(1)]).Delete.Select(g => g.Index).Should().Equal(1);

    [Fact]
    public void Status_OneOfTwoReady_IsProgressing()
    {
        var set = Set(replicas: 2);
        var status = GroupPlanner.Status(set, [Group(0), Group(1, ready: false)], "new", PodExamples.Now);
        (status.Replicas, status.ReadyReplicas, status.UpdatedReplicas).Should().Be((2, 1, 2));
        status.Conditions!.Select(c => (c.Type, c.Status)).Should().Equal(("Available", "False"), ("Progressing", "True"), ("UpdateInProgress", "False"));
    }

    [Fact]
    public void Worker_Built_KnowsItsGroup()
    {
        var leader = GroupPods.Leader(Set(), 1, "new") with { Metadata = GroupPods.Leader(Set(), 1, "new").Metadata with { Uid = "l" } };
        var worker = GroupPods.Worker(Set(), leader, 1, 2, "new");
        (worker.Metadata.Name, worker.Metadata.OwnerReferences!.Single().Uid).Should().Be(("big-1-2", "l"));
        worker.Spec!.Containers![0].Env!.ToDictionary(e => e.Name, e => e.Value).Should().Equal(new Dictionary<string, string?>
        {
            ["LWS_LEADER_ADDRESS"] = "big-1.big.default", ["LWS_GROUP_SIZE"] = "3", ["LWS_WORKER_INDEX"] = "2",
        });
    }

    private static GroupPlan Plan(LeaderWorkerSet set, IReadOnlyList<PodGroup> groups) => GroupPlanner.Plan(set, groups, "new");

    private static LeaderWorkerSet Set(int replicas = 1) => new()
    {
        Metadata = new V1ObjectMeta { Name = "big", NamespaceProperty = "default", Uid = "s" },
        Spec = new LeaderWorkerSetSpec
        {
            Replicas = replicas,
            LeaderWorkerTemplate = new LeaderWorkerTemplate { Size = 3, WorkerTemplate = new V1PodTemplateSpec { Spec = new V1PodSpec { Containers = [new V1Container { Name = "c" }] } } },
        },
    };

    private static PodGroup Group(int index, int pods = 3, bool ready = true, string revision = "new", int restarts = 0) => new(index,
    [
        .. Enumerable.Range(0, pods).Select(worker =>
        {
            var pod = PodExamples.Pod($"big-{index}-{worker}", ready: ready, restarts: worker == 1 ? restarts : 0);
            return pod with
            {
                Metadata = pod.Metadata with
                {
                    Labels = new Dictionary<string, string> { [PodGroup.GroupLabel] = $"{index}", [PodGroup.WorkerLabel] = $"{worker}", [PodGroup.RevisionLabel] = revision },
                },
            };
        }),
    ]);
}
