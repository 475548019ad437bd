using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Jobs;

/// <summary>What a job needs next, from its pods. Pure.</summary>
internal static class JobPlanner
{
    public const string TrackingFinalizer = "batch.kubernetes.io/job-tracking";
    private static readonly TimeSpan MaxBackOff = TimeSpan.FromMinutes(6);

    /// <param name="pods">All pods that the job controls.</param>
    /// <param name="mayCount">False while creations or deletions are outstanding: pods are then neither created nor deleted.</param>
    /// <param name="failureBackOff">Wait after the first failure; doubles with each.</param>
    public static JobPlan Plan(V1Job job, IReadOnlyList<V1Pod> pods, bool mayCount, TimeSpan failureBackOff, DateTimeOffset now)
    {
        var spec = job.Spec!;
        var before = job.Status ?? new V1JobStatus();
        var tracked = pods.Where(p => p.Metadata.Finalizers?.Contains(TrackingFinalizer, StringComparer.Ordinal) == true).ToList();
        // What the policy ignores is neither counted nor a reason to wait.
        var counted = tracked.Where(p => !PodFailurePolicy.Ignores(spec, p)).ToList();
        var (succeeded, failed, uncounted) = Count(before, counted);
        var allSucceeded = succeeded + uncounted.Succeeded.Count;
        var allFailed = failed + uncounted.Failed.Count;
        var active = pods.Where(PodReadiness.IsActive).ToList();
        var terminating = pods.Count(p => p.Metadata.DeletionTimestamp is not null && !PodReadiness.IsFinished(p));
        var release = tracked.Where(PodReadiness.IsFinished).ToList();
        var suspended = spec.Suspend == true;
        var startTime = before.StartTime ?? (suspended ? null : now);
        var status = new V1JobStatus
        {
            Active = NoZero(active.Count),
            Ready = active.Count(PodReadiness.IsReady),
            Terminating = terminating,
            Succeeded = NoZero(succeeded),
            Failed = NoZero(failed),
            StartTime = startTime,
            CompletionTime = before.CompletionTime,
            Conditions = before.Conditions,
            AdditionalProperties = uncounted.ToProperties(),
        };
        if (FinishedAt(before) is { } finishedAt)
        {
            var left = spec.TtlSecondsAfterFinished is { } ttl ? finishedAt + TimeSpan.FromSeconds(ttl) - now : (TimeSpan?)null;
            return new JobPlan { Status = status, Release = release, Expired = left <= TimeSpan.Zero, LookAgain = left > TimeSpan.Zero ? left : null };
        }

        var conditions = new JobConditions(before.Conditions ?? [], now);
        var outcome = Outcome(spec, before, pods, allSucceeded, allFailed, startTime, active.Count, now);
        if (outcome is { } end)
        {
            conditions.Set(end.Failed ? "FailureTarget" : "SuccessCriteriaMet", true, end.Reason, end.Message);
            var isOver = active.Count == 0 && terminating == 0 && uncounted.IsEmpty;
            if (isOver)
            {
                conditions.Set(end.Failed ? "Failed" : "Complete", true, end.Reason, end.Message);
            }

            return new JobPlan
            {
                Status = status with { Conditions = conditions.ToList(), CompletionTime = isOver && !end.Failed ? now : null },
                Delete = mayCount ? active : [],
                Release = release,
            };
        }

        if (suspended)
        {
            conditions.Set("Suspended", true, "JobSuspended", "Job suspended");
            return new JobPlan { Status = status with { Conditions = conditions.ToList(), StartTime = null }, Delete = mayCount ? active : [], Release = release };
        }

        if (conditions.Has("Suspended"))
        {
            conditions.Set("Suspended", false, "JobResumed", "Job resumed");
        }

        var (create, delete, wait) = Adjust(spec, active, spec.PodReplacementPolicy == "Failed" ? terminating : 0, allSucceeded, LastFailure(pods), allFailed, failureBackOff, now);
        return new JobPlan
        {
            Status = status with { Conditions = conditions.ToList() },
            Create = mayCount ? create : 0,
            Delete = mayCount ? delete : [],
            Release = release,
            LookAgain = Earlier(wait, UntilDeadline(spec, startTime, now)),
        };
    }

    private static (int Succeeded, int Failed, UncountedPods Uncounted) Count(V1JobStatus before, IReadOnlyList<V1Pod> tracked)
    {
        var known = UncountedPods.Of(before);
        var uids = tracked.Select(p => p.Metadata.Uid!).ToHashSet(StringComparer.Ordinal);
        var stillSucceeded = known.Succeeded.Where(uids.Contains).ToList();
        var stillFailed = known.Failed.Where(uids.Contains).ToList();
        var succeeded = (before.Succeeded ?? 0) + known.Succeeded.Count - stillSucceeded.Count;
        var failed = (before.Failed ?? 0) + known.Failed.Count - stillFailed.Count;
        foreach (var pod in tracked.Where(PodReadiness.IsFinished))
        {
            var list = pod.Status!.Phase == "Succeeded" ? stillSucceeded : stillFailed;
            if (!list.Contains(pod.Metadata.Uid!))
            {
                list.Add(pod.Metadata.Uid!);
            }
        }

        return (succeeded, failed, new UncountedPods(stillSucceeded, stillFailed));
    }

    private static (bool Failed, string Reason, string Message)? Outcome(V1JobSpec spec, V1JobStatus before, IReadOnlyList<V1Pod> pods, int succeeded, int failed, DateTimeOffset? startTime, int active, DateTimeOffset now)
    {
        // Once decided, decided: counts may shrink when pods are deleted.
        if (before.Conditions?.FirstOrDefault(c => c.Type == "FailureTarget" && c.Status == "True") is { } failing)
        {
            return (true, failing.Reason ?? "", failing.Message ?? "");
        }

        if (pods.Select(p => PodFailurePolicy.FailureOf(spec, p)).FirstOrDefault(m => m is not null) is { } message)
        {
            return (true, "PodFailurePolicy", message);
        }

        var restarts = spec.Template?.Spec?.RestartPolicy == "OnFailure"
            ? pods.Where(p => p.Status?.Phase is "Running" or "Pending").SelectMany(p => (p.Status!.ContainerStatuses ?? []).Concat(p.Status.InitContainerStatuses ?? [])).Sum(c => c.RestartCount)
            : 0;
        var limit = spec.BackoffLimit ?? 6;
        if (failed > limit || (restarts > 0 && restarts >= limit))
        {
            return (true, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }

        if (spec.ActiveDeadlineSeconds is { } deadline && startTime is { } start && spec.Suspend != true && now - start >= TimeSpan.FromSeconds(deadline))
        {
            return (true, "DeadlineExceeded", "Job was active longer than specified deadline");
        }

        var complete = spec.Completions is { } wanted ? succeeded >= wanted : succeeded > 0 && active == 0;
        return complete ? (false, "CompletionsReached", "Reached expected number of succeeded pods") : null;
    }

    private static (int Create, IReadOnlyList<V1Pod> Delete, TimeSpan? Wait) Adjust(V1JobSpec spec, IReadOnlyList<V1Pod> active, int leaving, int succeeded, DateTimeOffset? lastFailure, int failed, TimeSpan backOff, DateTimeOffset now)
    {
        var parallelism = spec.Parallelism ?? 1;

        // Without a number of completions one success means that the work is done: no new pods then.
        var wanted = spec.Completions is { } completions ? Math.Min(parallelism, completions - succeeded)
            : succeeded > 0 ? Math.Min(active.Count, parallelism)
            : parallelism;
        if (active.Count > wanted)
        {
            return (0, ReplicaSets.PodDeletionOrder.Victims(active, active.Count - Math.Max(0, wanted)), null);
        }

        // With the replacement policy Failed a pod that is being deleted holds its place until it has ended.
        if (active.Count + leaving >= wanted)
        {
            return (0, [], null);
        }

        if (failed > 0 && lastFailure is { } at)
        {
            var delay = TimeSpan.FromTicks((long)Math.Min(backOff.Ticks * Math.Pow(2, failed - 1), MaxBackOff.Ticks));
            if (at + delay > now)
            {
                return (0, [], at + delay - now);
            }
        }

        return (wanted - active.Count - leaving, [], null);
    }

    private static DateTimeOffset? LastFailure(IReadOnlyList<V1Pod> pods) => pods
        .Where(p => p.Status?.Phase == "Failed")
        .Select(p => (p.Status!.ContainerStatuses ?? []).Select(c => c.State?.Terminated?.FinishedAt).Max() ?? p.Metadata.CreationTimestamp)
        .Max();

    private static DateTimeOffset? FinishedAt(V1JobStatus status) =>
        status.Conditions?.FirstOrDefault(c => c.Type is "Complete" or "Failed" && c.Status == "True") is { } end ? end.LastTransitionTime ?? DateTimeOffset.MinValue : null;

    private static TimeSpan? UntilDeadline(V1JobSpec spec, DateTimeOffset? start, DateTimeOffset now) =>
        spec.ActiveDeadlineSeconds is { } deadline && start is { } at ? at + TimeSpan.FromSeconds(deadline) - now : null;

    private static TimeSpan? Earlier(TimeSpan? first, TimeSpan? second) => first is null ? second : second is null || first < second ? first : second;

    private static int? NoZero(int count) => count == 0 ? null : count;
}
