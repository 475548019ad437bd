using Octavo.Operator.Rollout;

namespace Octavo.Operator.Tests.Rollout;

public sealed class RolloutPlannerTests
{
    private const string FourReady = "old ready a; old ready a; old ready b; old ready b";

    [Theory]
    // Nothing to replace.
    [InlineData("a gpu=1", "", 1, "new ready a", "Surge 1/0")]
    [InlineData("a gpu=1", "", 2, "new starting a; new stuck", "Surge 1/0")]
    [InlineData("a gpu=1", "", 0, "old ready a", "Surge 1/0")]
    // One replica: a second accelerator, or an interruption.
    [InlineData("a gpu=2", "", 1, "old ready a", "Surge 1/0 SpareCapacity")]
    [InlineData("a gpu=1", "", 1, "old ready a", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("a gpu=1; b gpu=1", "", 1, "old ready a", "Surge 1/0 SpareCapacity")]
    [InlineData("a gpu=1; b gpu=1", "b gpu=1", 1, "old ready a", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("a gpu=1; b gpu=1 cordoned", "", 1, "old ready a", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("a gpu=1; b gpu=1 taint=x:NoSchedule", "", 1, "old ready a", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("a gpu=1; b gpu=1", "- gpu=1", 1, "old ready a", "InPlace 0/1 NoSpareCapacity")]
    // Several: as many at once as room is proven for, a quarter at most.
    [InlineData("a gpu=2; b gpu=2", "", 4, FourReady, "InPlace 0/1 NoSpareCapacity")]
    [InlineData("a gpu=3; b gpu=2", "", 4, FourReady, "Surge 1/0 SpareCapacity")]
    [InlineData("a gpu=8; b gpu=8", "", 4, FourReady, "Surge 1/0 SpareCapacity")]
    [InlineData("a gpu=8; b gpu=8", "", 8, FourReady + ";" + FourReady, "Surge 2/0 SpareCapacity")]
    [InlineData("a gpu=5; b gpu=4", "", 8, FourReady + ";" + FourReady, "Surge 1/0 SpareCapacity")]
    // A surge under way: the new replica has the spare accelerator, which does not make it one that was not there.
    [InlineData("a gpu=3; b gpu=2", "", 4, FourReady + "; new starting a", "Surge 1/0 SpareCapacity", 1)]
    [InlineData("a gpu=3; b gpu=2", "", 4, FourReady + "; new created", "Surge 1/0 SpareCapacity", 1)]
    [InlineData("a gpu=3; b gpu=2", "", 4, FourReady + "; new ready a", "Surge 1/0 SpareCapacity", 1)]
    [InlineData("a gpu=3; b gpu=2", "", 4, "old ready a; old ready b; old ready b; old ready a leaving; new ready a", "Surge 1/0 SpareCapacity", 1)]
    [InlineData("a gpu=3; b gpu=2", "", 4, "old ready a; old ready b; old ready b; old ready a leaving; new ready a; new stuck", "Surge 1/0 SpareCapacity", 1)]
    // Somebody was faster: the new replica waits, so an old one must go.
    [InlineData("a gpu=3; b gpu=2", "a gpu=1", 4, FourReady + "; new stuck", "InPlace 0/1 NoSpareCapacity", 1)]
    // Our two caches need not be of the same moment: only the scheduler's word ends a surge.
    [InlineData("a gpu=3; b gpu=2", "a gpu=1", 4, FourReady + "; new created", "Surge 1/0 SpareCapacity", 1)]
    // In place: the next one goes when the last successor is ready.
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready b; old ready b; old ready a leaving", "InPlace 0/1 NoSpareCapacity", 0)]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready b; old ready b; old ready a leaving; new stuck", "InPlace 0/1 NoSpareCapacity", 0)]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready b; old ready b; new starting a", "InPlace 0/1 NoSpareCapacity", 0)]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready b; old ready b; new ready a", "InPlace 0/1 NoSpareCapacity", 0)]
    // Room that comes up is used between two steps, not while an accelerator is in transit.
    [InlineData("a gpu=3; b gpu=2", "", 4, "old ready a; old ready b; old ready b; new ready a", "Surge 1/0 SpareCapacity", 0)]
    [InlineData("a gpu=3; b gpu=2", "", 4, "old ready a; old ready b; old ready b; new starting a", "InPlace 0/1 NoSpareCapacity", 0)]
    // Old ones that never answered go first, all at once, and no other with them; what they hold is given back.
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready a; old starting b; old crashing b", "InPlace 0/2 NoSpareCapacity")]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old starting a; old starting a; old noimage b; old crashing b", "Surge 1/4 SpareCapacity")]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready a; old starting b; new starting b", "InPlace 0/2 NoSpareCapacity", 0)]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready a; new starting b; new starting b", "InPlace 0/1 NoSpareCapacity", 0)]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready a; new ready b; new starting b", "InPlace 0/1 NoSpareCapacity", 0)]
    [InlineData("a gpu=4; b gpu=2", "", 4, "old ready a; old ready a; old starting b; old crashing b", "Surge 1/2 SpareCapacity")]
    // What they hold is given back: a surge fits though nothing is free now.
    [InlineData("a gpu=2", "", 1, "old ready a; old crashing a", "Surge 1/0 SpareCapacity")]
    // Old ones that were ready may come back: they go within the budget of one.
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old lapsed a; old lapsed b; old lapsed b", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old lapsed a; old lapsed a; old lapsed b; old lapsed b", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("a gpu=2; b gpu=2", "", 4, "old ready a; old ready a; old lapsed b; old crashing b", "InPlace 0/1 NoSpareCapacity")]
    // Fewer accelerators than replicas all along: what an old one gives up is surely ours, so the rollout goes on.
    [InlineData("a gpu=2; b gpu=1", "", 4, "old ready a; old ready a; old ready b; old stuck", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("a gpu=2; b gpu=1", "", 4, "old ready a; old ready a; old ready b; new stuck", "InPlace 0/2 NoSpareCapacity", 0)]
    [InlineData("a gpu=2; b gpu=1", "", 4, "old ready a; old ready a; new ready b; new stuck", "InPlace 0/2 NoSpareCapacity", 0)]
    [InlineData("a gpu=2; b gpu=1", "", 4, "old ready a; old ready a; new starting b; new stuck", "InPlace 0/1 NoSpareCapacity", 0)]
    // But not while others wait for the same: they would take one after another.
    [InlineData("a gpu=2; b gpu=1", "- gpu=1", 4, "old ready a; old ready a; old ready b; new stuck", "InPlace 0/1 NoSpareCapacity", 0)]
    [InlineData("a gpu=2; b gpu=2", "b gpu=1; - gpu=1", 4, "old ready a; old ready a; old ready b; new stuck", "InPlace 0/1 NoSpareCapacity", 0)]
    // Nor where a new replica could not use what an old one gives up.
    [InlineData("a gpu=2; b gpu=1 cordoned", "", 4, "old ready a; old ready a; old ready b; new stuck", "InPlace 0/1 NoSpareCapacity", 0)]
    public void Plan_Accelerators_SurgesOnlyIntoProvenRoom(string nodes, string others, int wanted, string replicas, string expected, int? liveSurge = null)
    {
        var decision = RolloutPlanner.Plan(Inputs(nodes, others, wanted, replicas) with { LiveSurge = liveSurge, StartsNow = liveSurge is null });

        Text(decision).Should().Be(expected);
        decision.IsHeld.Should().BeFalse();
    }

    [Theory]
    [InlineData("old ready a; old ready a; old ready b; new crashing b", "CrashLoopBackOff")]
    [InlineData("old ready a; old ready a; old ready b; new noimage b", "ImagePullBackOff")]
    [InlineData("old ready a; old ready a; old ready b; new late b", "ProgressDeadlineExceeded")]
    [InlineData("old ready a; old ready a; old ready b; new flapping b", "CrashLoopBackOff")]
    [InlineData("old ready a; old ready a; new ready b; new crashing b", "CrashLoopBackOff")]
    public void Plan_NewTemplateFails_StopsAndTakesNoOther(string replicas, string reason)
    {
        var decision = RolloutPlanner.Plan(Inputs("a gpu=2; b gpu=2", "", 4, replicas) with { LiveSurge = 0 });

        decision.IsHeld.Should().BeTrue();
        decision.Failure!.Reason.Should().Be(reason);
        decision.MaxUnavailable.Should().Be(1);
        decision.MaxSurge.Should().Be(0);
    }

    [Theory]
    // Going back: the replicas of the failing template are old now, and go first.
    [InlineData("new ready a; new ready a; new ready b; old crashing b", "Surge 1/1 SpareCapacity")]
    // The next attempt after a failed one.
    [InlineData("old ready a; old ready a; old ready b; old crashing b", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("old ready a; old ready a; old noimage b; old crashing b", "InPlace 0/2 NoSpareCapacity")]
    public void Plan_OtherTemplateAfterAFailure_GoesOn(string replicas, string expected)
    {
        var decision = RolloutPlanner.Plan(Inputs("a gpu=2; b gpu=2", "", 4, replicas) with { LiveSurge = 0, StartsNow = true });

        Text(decision).Should().Be(expected);
        decision.IsHeld.Should().BeFalse();
    }

    [Theory]
    [InlineData("Auto", "InPlace 0/1 CapacityUnknown")]
    [InlineData("InPlace", "InPlace 0/1 Requested")]
    [InlineData("Surge", "Surge 1/0 Requested")]
    public void Plan_NodesAreNotShown_SurgesOnlyAtTheUsersWish(string requested, string expected)
    {
        var inputs = Inputs("", "", 2, "old ready a; old ready b") with { Cluster = ClusterCapacity.Unknown("nodes is forbidden"), Requested = Enum.Parse<RequestedStrategy>(requested) };

        Text(RolloutPlanner.Plan(inputs)).Should().Be(expected);
    }

    [Theory]
    // No accelerator, nodes not shown: a surge, until the scheduler says that there is no node.
    [InlineData(null, "old ready a", "Surge 1/0 NoAcceleratorNeeded", null)]
    [InlineData(null, "old ready a; new starting a", "Surge 1/0 NoAcceleratorNeeded", 1)]
    [InlineData(null, "old ready a; new stuck", "InPlace 0/1 NoSpareCapacity", 1)]
    // Nodes shown: their CPUs count.
    [InlineData("a cpu=4", "old ready a", "Surge 1/0 SpareCapacity", null)]
    [InlineData("a cpu=3", "old ready a", "InPlace 0/1 NoSpareCapacity", null)]
    public void Plan_NoAccelerator_CountsTheRestOfWhatIsRequested(string? nodes, string replicas, string expected, int? liveSurge)
    {
        var inputs = Inputs(nodes ?? "", "", 1, replicas, amounts: "cpu=2") with
        {
            Accelerator = null, LiveSurge = liveSurge, StartsNow = liveSurge is null, Cluster = nodes is null ? ClusterCapacity.Unknown("nodes is forbidden") : Scene.Cluster(nodes),
        };

        Text(RolloutPlanner.Plan(inputs)).Should().Be(expected);
    }

    [Theory]
    [InlineData("OnePod", "a gpu=8; b gpu=8", "InPlace 0/1 VolumeInUse")]
    [InlineData("SameNode", "a gpu=1; b gpu=8", "InPlace 0/1 NoSpareCapacity")]
    [InlineData("SameNode", "a gpu=2; b gpu=8", "Surge 1/0 SpareCapacity")]
    [InlineData("AnyNode", "a gpu=1; b gpu=8", "Surge 1/0 SpareCapacity")]
    public void Plan_Volumes_SurgesOnlyWhereTheyCanBeMounted(string reach, string nodes, string expected) =>
        Text(RolloutPlanner.Plan(Inputs(nodes, "", 1, "old ready a") with { Volumes = Enum.Parse<VolumeReach>(reach) })).Should().Be(expected);

    [Fact]
    public void Plan_QuotaRefusesAnotherPod_GoesInPlaceAndStaysThere()
    {
        var inputs = Inputs("a gpu=8", "", 2, "old ready a; old ready a") with { LiveSurge = 1 };

        var refused = RolloutPlanner.Plan(inputs with { CreationRefused = "exceeded quota: gpus." });
        Text(refused).Should().Be("InPlace 0/1 PodsRefused");
        refused.Message.Should().Contain("exceeded quota: gpus");
        Text(RolloutPlanner.Plan(inputs with { LiveSurge = 0, PreviousReason = refused.Reason })).Should().Be("InPlace 0/1 PodsRefused");
        Text(RolloutPlanner.Plan(inputs with { LiveSurge = 0, PreviousReason = refused.Reason, StartsNow = true })).Should().Be("Surge 1/0 SpareCapacity");
    }

    [Theory]
    [InlineData("a gpu=4; b gpu=4", 2, "Surge 1/0 SpareCapacity")]
    [InlineData("a gpu=4; b gpu=3", 2, "InPlace 0/1 NoSpareCapacity")]
    public void Plan_ReplicaSpansNodes_NeedsRoomForAllItsPods(string nodes, int pods, string expected)
    {
        var leader = Scene.Replicas("old ready a", "gpu=4")[0];
        var others = Scene.Cluster(nodes + "; c gpu=4; d gpu=4");
        var replica = leader with { Pod = leader.Pod with { Spec = leader.Pod.Spec! with { NodeName = "c" } }, Workers = [leader.Pod with { Spec = leader.Pod.Spec! with { NodeName = "d" } }] };

        var inputs = Inputs("", "", 1, "", amounts: "gpu=4") with { Cluster = others, Replicas = [replica], PodsPerReplica = pods };

        Text(RolloutPlanner.Plan(inputs)).Should().Be(expected);
    }

    [Fact]
    public void Plan_ReplicaIsOnItsWay_LooksAgainWhenItIsDue()
    {
        var inputs = Inputs("a gpu=2; b gpu=2", "", 4, "old ready a; old ready a; old ready b; new starting b") with { LiveSurge = 0, Deadline = TimeSpan.FromMinutes(15) };

        RolloutPlanner.Plan(inputs).LookAgainIn.Should().Be(TimeSpan.FromMinutes(10));
    }

    [Fact]
    public void Plan_NoSpareAccelerator_SaysWhy()
    {
        var decision = RolloutPlanner.Plan(Inputs("a gpu=2; b gpu=2", "", 4, "old ready a; old ready a; old starting b; old crashing b"));

        decision.Message.Should().Be("Each old replica drains and is replaced in its place, one at a time; first 2 that answer nothing: need 3 nvidia.com/gpu, free 2 on 2 matching nodes.");
    }

    [Fact]
    public void Plan_AnyDecision_NeverHasBothBoundsZero()
    {
        foreach (var requested in Enum.GetValues<RequestedStrategy>())
        {
            foreach (var replicas in new[] { "", "old ready a", "old starting a", "new ready a; old ready b", "old lapsed a; old crashing b" })
            {
                var decision = RolloutPlanner.Plan(Inputs("a gpu=2", "", 2, replicas) with { Requested = requested });
                (decision.MaxSurge + decision.MaxUnavailable).Should().BePositive();
            }
        }
    }

    private static RolloutInputs Inputs(string nodes, string others, int wanted, string replicas, string amounts = "gpu=1") => new()
    {
        Wanted = wanted,
        Replicas = Scene.Replicas(replicas, amounts),
        Pod = Scene.Pod(amounts),
        Accelerator = Scene.Gpu,
        Cluster = Scene.Cluster(nodes, others),
        Now = Scene.Now,
    };

    private static string Text(RolloutDecision decision) => $"{decision.Mode} {decision.MaxSurge}/{decision.MaxUnavailable}{(decision.IsRolling ? " " + decision.Reason : "")}";
}
