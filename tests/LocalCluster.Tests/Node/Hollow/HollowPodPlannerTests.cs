using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node;
using Octavo.LocalCluster.Node.Hollow;
using Octavo.LocalCluster.Node.Pods;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Node.Hollow;

public sealed class HollowPodPlannerTests
{
    private static readonly NodeTimings Timings = new();
    private static readonly PodScript Slow = new() { StartAfter = Seconds(5), ReadyAfter = Seconds(20), StopAfter = Seconds(10) };

    [Theory]
    [InlineData(0, "Pending", false, 5)]
    [InlineData(5, "Running", false, 25)]
    [InlineData(24, "Running", false, 25)]
    [InlineData(25, "Running", true, null)]
    public void At_OrdinaryLife_PassesThroughThePhases(int second, string phase, bool ready, int? next)
    {
        var pod = Bound();
        var moment = At(pod, Slow, second);
        var status = PodStatusBuilder.Build(pod, moment.Snapshot, Now);
        (status.Phase, status.Conditions!.Single(c => c.Type == "Ready").Status == "True").Should().Be((phase, ready));
        moment.Next.Should().Be(next is { } s ? Now + Seconds(s) : null);
    }

    [Theory]
    [InlineData(30, 39, false, false)]
    [InlineData(30, 40, true, false)]
    [InlineData(5, 35, true, true)]
    public void At_Deleted_EndsByItselfOrIsKilledWhenTheGraceIsOver(int grace, int second, bool ended, bool killed)
    {
        var pod = Bound() with { Metadata = Bound().Metadata with { DeletionTimestamp = Now, DeletionGracePeriodSeconds = grace } };
        var moment = HollowPodPlanner.At(pod, Slow, "10.0.0.1", Now, Now + Seconds(30), Now + Seconds(second), Timings);
        (moment.HasEnded, moment.WasKilled).Should().Be((ended, killed));
    }

    [Fact]
    public void At_DeletedBeforeItStarted_EndsAtOnce()
    {
        var pod = Bound() with { Metadata = Bound().Metadata with { DeletionTimestamp = Now, DeletionGracePeriodSeconds = 30 } };
        HollowPodPlanner.At(pod, Slow, null, Now, Now, Now, Timings).HasEnded.Should().BeTrue();
    }

    [Fact]
    public void At_Crashing_CountsRestartsAndBacksOff()
    {
        var script = new PodScript { ExitAfter = Seconds(2), ExitCode = 3, TerminationMessage = "no memory" };
        var first = At(Bound(), script, 1).Snapshot.Containers[0];
        first.IsRunning.Should().BeTrue();
        var waiting = At(Bound(), script, 10).Snapshot.Containers[0];
        waiting.State.Waiting!.Reason.Should().Be("CrashLoopBackOff");
        (waiting.RestartCount, waiting.LastState!.Terminated!.ExitCode, waiting.LastState.Terminated.Message).Should().Be((1, 3, "no memory"));
        At(Bound(), script, 600).Snapshot.Containers[0].RestartCount.Should().BeInRange(5, 7);
    }

    [Fact]
    public void At_InitContainerFails_NeverStartsTheRest()
    {
        var pod = Bound();
        pod = pod with { Spec = pod.Spec! with { InitContainers = [new V1Container { Name = "fetch", Image = "i" }] } };
        var moment = At(pod, new PodScript { InitExitCode = 78, InitDuration = Seconds(1) }, 100);
        moment.Snapshot.InitContainers[0].LastState!.Terminated!.ExitCode.Should().Be(78);
        moment.Snapshot.Containers[0].State.Waiting!.Reason.Should().Be("PodInitializing");
        PodStatusBuilder.Phase("Always", moment.Snapshot).Should().Be("Pending");
    }

    [Fact]
    public void At_JobsPod_SucceedsAndStaysSo()
    {
        var pod = Bound() with { Spec = Bound().Spec! with { RestartPolicy = "Never" } };
        var moment = At(pod, new PodScript { ExitAfter = Seconds(3) }, 50);
        (PodStatusBuilder.Phase("Never", moment.Snapshot), moment.Next).Should().Be(("Succeeded", null));
    }

    [Fact]
    public void At_ImageMissing_WaitsForEver()
    {
        var moment = At(Bound(), new PodScript { ImageFailure = "ImagePullBackOff" }, 1000);
        (moment.Snapshot.Containers[0].State.Waiting!.Reason, moment.Next).Should().Be(("ImagePullBackOff", null));
    }

    private static HollowPodMoment At(V1Pod pod, PodScript script, int second) =>
        HollowPodPlanner.At(pod, script, "10.0.0.1", Now, null, Now + Seconds(second), Timings);

    private static V1Pod Bound() => Pod("p") with { Status = null };

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}
