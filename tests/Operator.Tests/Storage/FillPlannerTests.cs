using Octavo.Operator.Storage;
using Octavo.ServingContract;
using static Octavo.Operator.Tests.Storage.FillScene;

namespace Octavo.Operator.Tests.Storage;

public sealed class FillPlannerTests
{
    private static readonly ClaimState Bound = new() { Name = Claim, Phase = "Bound" };

    [Fact]
    public void Plan_NothingIsThere_MakesTheFirstJob()
    {
        var plan = FillPlanner.Plan(Inputs() with { Claim = Bound });

        (plan.Make, plan.State.IsFilled, plan.State.Finding!.Reason).Should().Be((1, false, "Fetching"));
    }

    [Theory]
    // A Job that was cleaned up is not run again while replicas find the model.
    [InlineData(true, false, null)]
    [InlineData(true, true, 1)]
    [InlineData(false, false, 1)]
    public void Plan_JobIsGone_CountsWhatReplicasFind(bool isInUse, bool isMissed, int? make)
    {
        var plan = FillPlanner.Plan(Inputs() with { IsInUse = isInUse, MissedAt = isMissed ? Now : null });

        (plan.Make, plan.State.IsFilled).Should().Be((make, make is null));
    }

    [Fact]
    public void Plan_JobIsOnItsWayOut_TheNextHasAnotherName() => FillPlanner.Plan(Inputs(Job(3, isDeleted: true))).Make.Should().Be(4);

    [Fact]
    public void Plan_JobHasSucceeded_TheModelIsThereForEver()
    {
        foreach (var inputs in (FillInputs[])[Inputs(Job(condition: "Complete")), Inputs(Job(condition: "Complete")) with { Wishes = new HashSet<string> { "others" } }, Inputs(Job(condition: "Complete")) with { IsInUse = true }])
        {
            var plan = FillPlanner.Plan(inputs);

            (plan.Make, plan.State.IsFilled, plan.LookAgain, plan.Superseded.Count).Should().Be((null, true, null, 0));
        }
    }

    [Theory]
    // seconds between the Job's end and a replica's look | minutes since the end | the Job's number | next Job | seconds until it
    [InlineData(-600, 60, 1, null, null)]
    [InlineData(5, 60, 1, null, null)]
    [InlineData(600, 60, 1, 2, null)]
    [InlineData(20, 0.5, 1, null, 30)]
    [InlineData(600, 14, 5, null, 120)]
    [InlineData(600, 16, 5, 6, null)]
    [InlineData(600, 59, 40, null, 60)]
    [InlineData(600, 61, 40, 41, null)]
    public void Plan_ReplicaFoundNothing_FetchesAgainButNotTooOften(int missedAfter, double ended, int number, int? next, int? wait)
    {
        var end = Now.AddMinutes(-ended);
        var plan = FillPlanner.Plan(Inputs(Job(number, "Complete", end)) with { IsInUse = true, MissedAt = end.AddSeconds(missedAfter), Claim = Bound });

        (plan.Make, plan.LookAgain?.TotalSeconds).Should().Be((next, wait));
        plan.State.IsFilled.Should().Be(next is null && wait is null);
        if (!plan.State.IsFilled)
        {
            plan.State.Finding!.Should().Match<Octavo.Operator.Controller.Finding>(f => f.Reason == "Evicted" && !f.NeedsPerson);
        }

        plan.Superseded.Should().HaveCount(next is null ? 0 : 1);
    }

    [Theory]
    [InlineData((int)FetchExitCode.NotFound, "NotFound", true)]
    [InlineData((int)FetchExitCode.Unauthorized, "Unauthorized", true)]
    [InlineData((int)FetchExitCode.NoSpace, "NoSpace", true)]
    [InlineData((int)FetchExitCode.ChecksumMismatch, "ChecksumMismatch", true)]
    [InlineData((int)FetchExitCode.DeadlineExceeded, "DeadlineExceeded", true)]
    [InlineData((int)FetchExitCode.Usage, "FetchFailed", true)]
    [InlineData((int)FetchExitCode.Network, "Network", false)]
    [InlineData((int)FetchExitCode.RateLimited, "RateLimited", false)]
    [InlineData(137, "FetchFailed", false)]
    public void Plan_JobFailed_TellsWhyAndTriesAgainWhatPasses(int exitCode, string reason, bool needsPerson)
    {
        var inputs = Inputs(Job(condition: "Failed", ended: Now.AddSeconds(-10), reason: "PodFailurePolicy")) with { Pods = [Pod(exitCode: exitCode, said: "log\nthe last line")] };

        var plan = FillPlanner.Plan(inputs);
        var later = FillPlanner.Plan(inputs with { Now = Now.AddHours(2), Claim = Bound });

        plan.State.Finding!.Should().Match<Octavo.Operator.Controller.Finding>(f => f.Status == false && f.Reason == reason && f.NeedsPerson == needsPerson && f.Message.Contains("the last line"));
        (plan.Make, plan.LookAgain?.TotalSeconds).Should().Be((null, needsPerson ? null : 50));
        later.Make.Should().Be(needsPerson ? null : 2);
    }

    [Fact]
    public void Plan_JobRanOutOfTimeBeforeTheFetchSaidSo_IsADeadline()
    {
        var plan = FillPlanner.Plan(Inputs(Job(condition: "Failed", reason: "DeadlineExceeded")));

        plan.State.Finding!.Should().Match<Octavo.Operator.Controller.Finding>(f => f.Reason == "DeadlineExceeded" && f.NeedsPerson);
    }

    [Fact]
    public void Plan_WishesChangeAfterAFailure_TriesAgainAtOnce()
    {
        var plan = FillPlanner.Plan(Inputs(Job(condition: "Failed")) with { Pods = [Pod(exitCode: (int)FetchExitCode.NoSpace)], Wishes = new HashSet<string> { "others" }, Claim = Bound });

        (plan.Make, plan.State.Finding!.NeedsPerson, plan.Superseded.Count).Should().Be((2, false, 1));
    }

    [Fact]
    public void Plan_JobRuns_IsWaitedFor()
    {
        Reason(FillPlanner.Plan(Inputs(Job()) with { Pods = [Pod()] })).Should().Be((null, "Fetching"));
        Reason(FillPlanner.Plan(Inputs(Job()))).Should().Be((null, "Fetching"));
        // One reason through all tries of one that passes by itself; who was told to stop, or lost its node, says nothing.
        Reason(FillPlanner.Plan(Inputs(Job()) with { Pods = [Pod(exitCode: (int)FetchExitCode.Network, at: 1), Pod(at: 2)] })).Should().Be((false, "Network"));
        Reason(FillPlanner.Plan(Inputs(Job()) with { Pods = [Pod(exitCode: (int)FetchExitCode.Stopped, at: 1), Pod(at: 2)] })).Should().Be((null, "Fetching"));
        Reason(FillPlanner.Plan(Inputs(Job()) with { Pods = [Pod(exitCode: 137, disruption: "EvictionByEvictionAPI", at: 1), Pod(at: 2)] })).Should().Be((null, "Fetching"));
        // Pods of an earlier Job are no matter of this one.
        Reason(FillPlanner.Plan(Inputs(Job(2)) with { Pods = [Pod(1, exitCode: (int)FetchExitCode.NoSpace), Pod(2)] })).Should().Be((null, "Fetching"));
    }

    [Fact]
    public void Plan_WishesChangeUnderWay_BeginsAnewAndTwoJobsBecomeOne()
    {
        var changed = FillPlanner.Plan(Inputs(Job()) with { Pods = [Pod()], Wishes = new HashSet<string> { "others" }, Claim = Bound });
        var after = FillPlanner.Plan(Inputs(Job(1), Job(2)) with { Pods = [Pod(), Pod(2)] });

        (changed.Make, changed.Superseded.Single().Metadata.Uid).Should().Be((2, "job-1"));
        (after.Make, after.State.Job, after.Superseded.Single().Metadata.Uid).Should().Be((null, Job(2).Metadata.Name, "job-1"));
    }

    [Theory]
    // phase | event | reason | needs a person | a Job is made
    [InlineData(null, null, "ClaimMissing", false, false)]
    [InlineData("Lost", null, "ClaimLost", true, false)]
    [InlineData("Pending", null, "Fetching", false, true)]
    [InlineData("Pending", "no class", "Fetching", false, true)]
    [InlineData("Bound", null, "Fetching", false, true)]
    public void Plan_ClaimBeforeTheJob_HasToBeThere(string? phase, string? said, string reason, bool needsPerson, bool isMade)
    {
        var plan = FillPlanner.Plan(Inputs() with { Claim = new ClaimState { Name = Claim, Phase = phase, Event = said } });

        (plan.State.Finding!.Reason, plan.State.Finding.NeedsPerson, plan.Make is not null).Should().Be((reason, needsPerson, isMade));
        plan.LookAgain.Should().Be(isMade ? null : FillPlanner.ClaimInterval);
    }

    [Theory]
    [InlineData("Pending", "storageclass.storage.k8s.io \"fast\" not found", "ReadWriteMany", "ClaimPending", "\"fast\" not found")]
    [InlineData("Pending", null, "ReadWriteMany", "ClaimPending", "unbound immediate")]
    [InlineData("Lost", null, "ReadWriteMany", "ClaimLost", "volume that it was bound to is gone")]
    [InlineData("Bound", null, "ReadWriteMany", "Unschedulable", "unbound immediate")]
    [InlineData("Bound", null, "ReadWriteOnce", "Unschedulable", "fit on the node that has it")]
    public void Plan_PodFindsNoNode_TheClaimMaySayWhy(string phase, string? said, string mode, string reason, string message)
    {
        var inputs = Inputs(Job()) with { Pods = [Pod(node: null)] };

        var plan = FillPlanner.Plan(inputs with { Claim = new ClaimState { Name = Claim, Phase = phase, Event = said, AccessModes = [mode] } });

        FillPlanner.Plan(inputs).AwaitsNode.Should().BeTrue("the claim is looked at then");
        FillPlanner.Plan(Inputs(Job()) with { Pods = [Pod()] }).AwaitsNode.Should().BeFalse();
        plan.State.Finding!.Reason.Should().Be(reason);
        plan.State.Finding.Message.Should().Contain(message);
    }

    private static (bool? Status, string Reason) Reason(FillPlan plan)
    {
        (plan.Make, plan.LookAgain, plan.State.Finding!.NeedsPerson).Should().Be((null, null, false));
        return (plan.State.Finding.Status, plan.State.Finding.Reason);
    }
}
