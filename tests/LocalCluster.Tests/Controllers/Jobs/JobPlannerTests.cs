using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Jobs;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Jobs;

public sealed class JobPlannerTests
{
    private static readonly TimeSpan BackOff = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(1, 1, 0, 1)]
    [InlineData(5, 2, 0, 2)]
    [InlineData(5, 2, 4, 1)]
    [InlineData(null, 3, 0, 3)]
    public void Plan_NothingRuns_CreatesUpToParallelism(int? completions, int parallelism, int succeeded, int create)
    {
        var job = Job(completions, parallelism) with { Status = new V1JobStatus { Succeeded = succeeded, StartTime = Now } };
        JobPlanner.Plan(job, [], true, BackOff, Now).Create.Should().Be(create);
    }

    [Fact]
    public void Plan_PodSucceeded_IsWrittenDownThenCountedThenCompletes()
    {
        var job = Job(1, 1);
        var ended = Tracked(Pod("a", phase: "Succeeded", ready: false));

        var first = JobPlanner.Plan(job, [ended], true, BackOff, Now);
        first.Status.Succeeded.Should().BeNull("its finalizer is still there");
        UncountedPods.Of(first.Status).Succeeded.Should().Equal("uid-a");
        first.Release.Should().ContainSingle();
        Conditions(first).Should().Equal("SuccessCriteriaMet");

        var released = ended with { Metadata = ended.Metadata with { Finalizers = null } };
        var second = JobPlanner.Plan(job with { Status = first.Status }, [released], true, BackOff, Now);
        second.Status.Succeeded.Should().Be(1);
        second.Status.CompletionTime.Should().Be(Now);
        Conditions(second).Should().Equal("SuccessCriteriaMet", "Complete");
    }

    [Fact]
    public void Plan_SameStateTwice_CountsOnce()
    {
        var ended = Tracked(Pod("a", phase: "Succeeded", ready: false));
        var job = Job(3, 1);
        var first = JobPlanner.Plan(job, [ended], true, BackOff, Now);
        var second = JobPlanner.Plan(job with { Status = first.Status }, [ended], true, BackOff, Now);
        UncountedPods.Of(second.Status).Succeeded.Should().Equal("uid-a");
        second.Status.Succeeded.Should().BeNull();
    }

    [Fact]
    public void Plan_AFailureAgo_WaitsTwiceAsLongEachTime()
    {
        var failed = Pod("a", phase: "Failed", ready: false);
        failed = failed with
        {
            Status = failed.Status! with { ContainerStatuses = [new V1ContainerStatus { Name = "main", State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = 1, FinishedAt = Now } } }] },
        };
        var job = Job(1, 1) with { Status = new V1JobStatus { Failed = 2, StartTime = Now } };
        var plan = JobPlanner.Plan(job, [failed], true, BackOff, Now.AddSeconds(5));
        plan.Create.Should().Be(0);
        plan.LookAgain.Should().Be(TimeSpan.FromSeconds(15));
        JobPlanner.Plan(job, [failed], true, BackOff, Now.AddSeconds(20)).Create.Should().Be(1);
    }

    [Fact]
    public void Plan_TooManyFailures_FailsAndEndsWhatRuns()
    {
        var job = Job(2, 2, backoffLimit: 1) with { Status = new V1JobStatus { Failed = 2, StartTime = Now } };
        var ending = JobPlanner.Plan(job, [Pod("running")], true, BackOff, Now);
        ending.Delete.Should().ContainSingle();
        Conditions(ending).Should().Equal("FailureTarget");
        var over = JobPlanner.Plan(job with { Status = ending.Status }, [], true, BackOff, Now);
        Conditions(over).Should().Equal("FailureTarget", "Failed");
        over.Status.Conditions!.Last().Reason.Should().Be("BackoffLimitExceeded");
    }

    [Fact]
    public void Plan_BeyondItsDeadline_Fails()
    {
        var job = Job(1, 1);
        job = job with { Spec = job.Spec! with { ActiveDeadlineSeconds = 60 }, Status = new V1JobStatus { StartTime = Now } };
        JobPlanner.Plan(job, [Pod("a")], true, BackOff, Now.AddSeconds(59)).LookAgain.Should().Be(TimeSpan.FromSeconds(1));
        JobPlanner.Plan(job, [Pod("a")], true, BackOff, Now.AddSeconds(60)).Status.Conditions!.Single().Reason.Should().Be("DeadlineExceeded");
    }

    [Fact]
    public void Plan_Suspended_EndsItsPodsAndSaysSo()
    {
        var job = Job(1, 1);
        var plan = JobPlanner.Plan(job with { Spec = job.Spec! with { Suspend = true } }, [Pod("a")], true, BackOff, Now);
        plan.Delete.Should().ContainSingle();
        plan.Create.Should().Be(0);
        plan.Status.StartTime.Should().BeNull();
        plan.Status.Conditions!.Single().Should().Match<V1JobCondition>(c => c.Type == "Suspended" && c.Status == "True");
    }

    [Fact]
    public void Plan_Finished_ExpiresAfterItsTimeToLive()
    {
        var job = Job(1, 1);
        job = job with
        {
            Spec = job.Spec! with { TtlSecondsAfterFinished = 30 },
            Status = new V1JobStatus { Succeeded = 1, Conditions = [new V1JobCondition { Type = "Complete", Status = "True", LastTransitionTime = Now }] },
        };
        JobPlanner.Plan(job, [], true, BackOff, Now.AddSeconds(10)).Should().Match<JobPlan>(p => !p.Expired && p.LookAgain == TimeSpan.FromSeconds(20));
        JobPlanner.Plan(job, [], true, BackOff, Now.AddSeconds(30)).Expired.Should().BeTrue();
    }

    [Theory]
    // exit code | condition of the pod | failed | counted
    [InlineData(10, null, "PodFailurePolicy", 1)]
    [InlineData(17, null, null, 1)]
    [InlineData(143, "DisruptionTarget", null, 0)]
    [InlineData(10, "DisruptionTarget", null, 0)]
    public void Plan_FailurePolicy_TheFirstRuleThatMatchesDecides(int exitCode, string? condition, string? reason, int counted)
    {
        var job = Job(1, 1);
        job = job with
        {
            Spec = job.Spec! with
            {
                PodReplacementPolicy = "Failed",
                PodFailurePolicy = new V1PodFailurePolicy
                {
                    Rules =
                    [
                        new V1PodFailurePolicyRule { Action = "Ignore", OnPodConditions = [new V1PodFailurePolicyOnPodConditionsPattern { Type = "DisruptionTarget", Status = "True" }] },
                        new V1PodFailurePolicyRule { Action = "FailJob", OnExitCodes = new V1PodFailurePolicyOnExitCodesRequirement { ContainerName = "main", Operator = "In", Values = [10, 11] } },
                    ],
                },
            },
            Status = new V1JobStatus { StartTime = Now },
        };
        var failed = Tracked(Pod("a", phase: "Failed", ready: false));
        failed = failed with
        {
            Status = failed.Status! with
            {
                Conditions = condition is null ? null : [new V1PodCondition { Type = condition, Status = "True" }],
                ContainerStatuses = [new V1ContainerStatus { Name = "main", State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = exitCode, FinishedAt = Now } } }],
            },
        };

        var first = JobPlanner.Plan(job, [failed], true, BackOff, Now);
        var released = failed with { Metadata = failed.Metadata with { Finalizers = null } };
        var second = JobPlanner.Plan(job with { Status = first.Status }, [released], true, BackOff, Now);

        first.Release.Should().ContainSingle("ignored or not, it is not kept");
        (second.Status.Failed ?? 0).Should().Be(counted);
        second.Status.Conditions?.Last().Reason.Should().Be(reason);
        (second.Create, second.LookAgain).Should().Be(reason is not null ? (0, null) : counted == 0 ? (1, null) : (0, BackOff));
        if (reason is not null)
        {
            Conditions(second).Should().Equal("FailureTarget", "Failed");
            second.Status.Conditions!.Last().Message.Should().Be("Container main for pod default/a failed with exit code 10 matching FailJob rule at index 1");
        }
    }

    [Fact]
    public void Plan_ReplacementPolicyFailed_WaitsForThePodThatIsBeingDeleted()
    {
        var job = Job(1, 1) with { Status = new V1JobStatus { StartTime = Now } };
        var leaving = Pod("a") with { Metadata = Pod("a").Metadata with { DeletionTimestamp = Now } };

        JobPlanner.Plan(job, [leaving], true, BackOff, Now).Create.Should().Be(1);
        JobPlanner.Plan(job with { Spec = job.Spec! with { PodReplacementPolicy = "Failed" } }, [leaving], true, BackOff, Now).Create.Should().Be(0);
    }

    [Fact]
    public void Plan_ExpectationsOutstanding_CreatesNothing() => JobPlanner.Plan(Job(1, 1), [], false, BackOff, Now).Create.Should().Be(0);

    private static IEnumerable<string> Conditions(JobPlan plan) => plan.Status.Conditions!.Select(c => c.Type);

    private static V1Pod Tracked(V1Pod pod) => pod with { Metadata = pod.Metadata with { Finalizers = [JobPlanner.TrackingFinalizer] } };

    private static V1Job Job(int? completions, int parallelism, int backoffLimit = 6) => new()
    {
        Metadata = new V1ObjectMeta { Name = "j", NamespaceProperty = "default" },
        Spec = new V1JobSpec { Completions = completions, Parallelism = parallelism, BackoffLimit = backoffLimit, Template = new V1PodTemplateSpec { Spec = new V1PodSpec { RestartPolicy = "Never" } } },
    };
}
