using System.Globalization;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>
/// Whether a model is on its claim, and which Job is to bring it. A Job that has succeeded is not run again, and neither is one that was cleaned up once
/// replicas have found the model; only a replica that looked and found nothing makes the operator fetch again. Pure.
/// </summary>
internal static class FillPlanner
{
    /// <summary>A replica's look within this time of the Job's end, by clocks of two machines, may have been before it.</summary>
    public static readonly TimeSpan ClockDifference = TimeSpan.FromSeconds(10);

    /// <summary>Between two looks at a claim, whose changes wake nobody where it is the user's.</summary>
    public static readonly TimeSpan ClaimInterval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    public static FillPlan Plan(FillInputs inputs)
    {
        var standing = inputs.Jobs.Where(j => j.Metadata.DeletionTimestamp is null).OrderBy(FillJob.NumberOf).ToList();
        var next = inputs.Jobs.Select(FillJob.NumberOf).DefaultIfEmpty(0).Max() + 1;
        if (standing.LastOrDefault() is not { } job)
        {
            return inputs is { IsInUse: true, MissedAt: null }
                ? new FillPlan { State = new FillState { IsInUse = true } }
                : Make(inputs, null, next, new Finding(null, "Fetching", $"{inputs.Uri} is going to be fetched."), []);
        }

        var plan = Of(job, next, inputs);
        return plan with { Superseded = [.. plan.Superseded, .. standing.SkipLast(1)] };
    }

    /// <summary>How long the next Job waits after the end of one: twice as long after each.</summary>
    public static TimeSpan PauseAfter(int number) => TimeSpan.FromMinutes(Math.Pow(2, Math.Min(number, 10) - 1)) is var pause && pause < LongestPause ? pause : LongestPause;

    private static FillPlan Of(V1Job job, int next, FillInputs inputs)
    {
        var pods = inputs.Pods.Where(p => p.Metadata.OwnerReferences?.Any(o => o.Uid == job.Metadata.Uid) == true).OrderBy(p => p.Metadata.CreationTimestamp).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal).ToList();
        var state = new FillState { Job = job.Metadata.Name, Pods = pods, IsInUse = inputs.IsInUse };
        if (Condition(job, "Complete") is { } complete)
        {
            var end = job.Status?.CompletionTime ?? complete.LastTransitionTime ?? DateTimeOffset.MinValue;
            return inputs.MissedAt is { } missed && missed > end + ClockDifference
                ? Again(inputs, job, next, state, end, new Finding(false, "Evicted", $"{inputs.Uri} is not on PersistentVolumeClaim {inputs.Source.Claim} any more: it was there at {Time(end)}, and a replica did not find it at {Time(missed)}."))
                : new FillPlan { State = state };
        }

        var isAsWanted = inputs.Wishes.Contains(FillJob.WishesIn(job));
        if (Condition(job, "Failed") is { } failed)
        {
            var failure = Failure(job, failed, pods, inputs);
            return !isAsWanted ? Make(inputs, job, next, failure with { NeedsPerson = false }, pods)
                : failure.NeedsPerson ? new FillPlan { State = state with { Finding = failure with { Message = $"{failure.Message} Tried again when the spec changes, or when Job {job.Metadata.Name} is deleted." } } }
                : Again(inputs, job, next, state, failed.LastTransitionTime ?? inputs.Now, failure);
        }

        return isAsWanted
            ? new FillPlan
            {
                State = state with { Finding = Running(job, pods, inputs) },
                AwaitsNode = !pods.Any(HasNode),
                LookAgain = inputs.Claim is { IsUsable: false } ? ClaimInterval : null,
            }
            : Make(inputs, job, next, new Finding(null, "Fetching", $"{inputs.Uri} is going to be fetched as the spec has it now."), pods);
    }

    /// <summary>After its pause; until then what happened is told.</summary>
    private static FillPlan Again(FillInputs inputs, V1Job job, int next, FillState state, DateTimeOffset end, Finding what)
    {
        var due = end + PauseAfter(FillJob.NumberOf(job));
        return due <= inputs.Now
            ? Make(inputs, job, next, what with { Message = $"{what.Message} It is fetched again." }, state.Pods)
            : new FillPlan { State = state with { Finding = what with { Message = $"{what.Message} Fetched again at {Time(due)}." } }, LookAgain = due - inputs.Now };
    }

    /// <summary>Without a claim there is nothing to fetch onto.</summary>
    private static FillPlan Make(FillInputs inputs, V1Job? before, int number, Finding meanwhile, IReadOnlyList<V1Pod> pods)
    {
        var state = new FillState { Job = before?.Metadata.Name, Pods = pods, IsInUse = inputs.IsInUse };
        if (inputs.Claim is { CanBeFilled: false } claim && ClaimDiagnosis.Of(claim, null) is { } trouble)
        {
            return new FillPlan { State = state with { Finding = trouble }, LookAgain = ClaimInterval };
        }

        return new FillPlan { State = state with { Finding = meanwhile }, Make = number, Superseded = before is null ? [] : [before], AwaitsNode = true };
    }

    private static Finding Running(V1Job job, IReadOnlyList<V1Pod> pods, FillInputs inputs)
    {
        if (LastFailure(pods) is { } failure)
        {
            // One reason through all tries, or each would be a transition.
            return FetchFailure.Of(inputs.Uri, inputs.Source.Path, failure) with { NeedsPerson = false };
        }

        if (Condition(job, "Suspended") is not null)
        {
            return new Finding(null, "Fetching", $"{inputs.Uri} is not being fetched: Job {job.Metadata.Name} is suspended.");
        }

        var pod = pods.LastOrDefault(p => p.Status?.Phase is not ("Failed" or "Succeeded"));
        var trouble = pod is null ? null : WorkloadDiagnosis.Explain(pod);
        if ((pod is null || !HasNode(pod)) && inputs.Claim is { } claim && ClaimDiagnosis.Of(claim, trouble?.Message) is { } cause)
        {
            return cause;
        }

        return trouble
            ?? new Finding(null, "Fetching", pod is not null && FetchContainerState.IsRunning(pod) ? $"{inputs.Uri} is being fetched by Job {job.Metadata.Name}." : $"Job {job.Metadata.Name} begins to fetch {inputs.Uri}.");
    }

    private static Finding Failure(V1Job job, V1JobCondition failed, IReadOnlyList<V1Pod> pods, FillInputs inputs)
    {
        if (LastFailure(pods) is { } failure && (failed.Reason != "DeadlineExceeded" || failure.ExitCode == (int)FetchExitCode.DeadlineExceeded))
        {
            var finding = FetchFailure.Of(inputs.Uri, inputs.Source.Path, failure);
            // The image's fetch is another than this operator knows.
            return finding with { NeedsPerson = finding.NeedsPerson || failure.ExitCode == (int)FetchExitCode.Usage };
        }

        return failed.Reason == "DeadlineExceeded"
            ? new Finding(false, "DeadlineExceeded", $"{inputs.Uri} was not there {job.Spec?.ActiveDeadlineSeconds} s after Job {job.Metadata.Name} began; what was fetched is kept.", NeedsPerson: true)
            : new Finding(false, "FetchFailed", $"Job {job.Metadata.Name} failed to fetch {inputs.Uri}: {failed.Message}");
    }

    /// <summary>Of the fetch itself: one that was told to stop, or whose node was taken away, says nothing.</summary>
    private static V1ContainerStateTerminated? LastFailure(IEnumerable<V1Pod> pods) => pods
        .Where(p => p.Status?.Phase == "Failed" && PodState.Condition(p, "DisruptionTarget")?.Status != "True")
        .Select(p => p.Status!.ContainerStatuses?.FirstOrDefault(s => s.Name == ServingPodTemplate.ModelContainer)?.State?.Terminated)
        .LastOrDefault(t => t is { ExitCode: not (0 or (int)FetchExitCode.Stopped) });

    private static V1JobCondition? Condition(V1Job job, string type) => job.Status?.Conditions?.FirstOrDefault(c => c.Type == type && c.Status == "True");

    private static bool HasNode(V1Pod pod) => !string.IsNullOrEmpty(pod.Spec?.NodeName);

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
