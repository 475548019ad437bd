using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Pods;

namespace Octavo.LocalCluster.Node.Hollow;

/// <summary>A pod's life by its script, as a function of time: nothing is remembered but when it was bound and deleted. Pure.</summary>
internal static class HollowPodPlanner
{
    /// <param name="bound">When the node first saw the pod.</param>
    /// <param name="deleted">When the node first saw that it is to end.</param>
    public static HollowPodMoment At(V1Pod pod, PodScript script, string? address, DateTimeOffset bound, DateTimeOffset? deleted, DateTimeOffset now, NodeTimings timings)
    {
        var life = Life(pod, script, bound, now, timings);
        var snapshot = new PodSnapshot
        {
            HostIP = "127.0.0.1",
            PodIP = address,
            StartTime = bound,
            SandboxReady = now >= bound + script.StartAfter,
            InitContainers = life.Init,
            Containers = life.Main,
            Finished = life.Finished,
        };
        if (deleted is not { } since)
        {
            return new HollowPodMoment(snapshot, life.Next, HasEnded: false, WasKilled: false);
        }

        var grace = (pod.Metadata.DeletionGracePeriodSeconds ?? pod.Spec?.TerminationGracePeriodSeconds ?? 30) * timings.Second;
        var isRunning = life.Main.Any(c => c.IsRunning);
        var needed = isRunning ? script.StopAfter : TimeSpan.Zero;
        var end = since + (needed < grace ? needed : grace);
        if (now < end)
        {
            return new HollowPodMoment(snapshot, life.Next < end ? life.Next : end, HasEnded: false, WasKilled: false);
        }

        var killed = needed > grace;
        var ended = snapshot with { Finished = true, Containers = [.. life.Main.Select(c => Ended(c, killed ? 137 : 0, bound, end))] };
        return new HollowPodMoment(ended, null, HasEnded: true, killed);
    }

    private static (List<ContainerSnapshot> Init, List<ContainerSnapshot> Main, bool Finished, DateTimeOffset? Next) Life(
        V1Pod pod, PodScript script, DateTimeOffset bound, DateTimeOffset now, NodeTimings timings)
    {
        var start = bound + script.StartAfter;
        var inits = (pod.Spec?.InitContainers ?? []).ToList();
        var mains = (pod.Spec?.Containers ?? []).ToList();
        List<ContainerSnapshot> All(List<V1Container> containers, Func<V1Container, ContainerSnapshot> make) => [.. containers.Select(make)];
        ContainerSnapshot Waits(V1Container c, string reason) => New(c, ContainerSnapshot.WaitingState(reason));
        if (now < start || script.ImageFailure is not null)
        {
            var stuck = now >= start;
            var reason = stuck ? script.ImageFailure! : inits.Count > 0 ? "PodInitializing" : "ContainerCreating";
            return (All(inits, c => Waits(c, stuck ? reason : "PodInitializing")), All(mains, c => Waits(c, stuck && inits.Count > 0 ? "PodInitializing" : reason)), false, stuck ? null : start);
        }

        var steps = inits.Where(c => c.RestartPolicy != "Always").ToList();
        var failing = script.InitExitCode is > 0 ? steps.FirstOrDefault() : null;
        var neverAgain = pod.Spec?.RestartPolicy == "Never";
        if (failing is not null)
        {
            var attempt = Attempts(start, script.InitDuration, now, restarts: !neverAgain, timings);
            var state = State(failing, attempt, script.InitExitCode!.Value, script.TerminationMessage, start);
            return (All(inits, c => c.Name == failing.Name ? state : Waits(c, "PodInitializing")), All(mains, c => Waits(c, "PodInitializing")), neverAgain && !attempt.IsRunning, attempt.Next);
        }

        var current = steps.FindIndex(c => now < start + ((steps.IndexOf(c) + 1) * script.InitDuration));
        var initEnd = start + (steps.Count * script.InitDuration);
        ContainerSnapshot Step(V1Container c)
        {
            var index = steps.IndexOf(c);
            var from = start + (index * script.InitDuration);
            return index < 0 ? New(c, Running(start)) with { Started = true, PassesReadiness = true }
                : current < 0 || index < current ? New(c, Terminated(0, from, from + script.InitDuration, null))
                : index == current ? New(c, Running(from))
                : Waits(c, "PodInitializing");
        }

        if (current >= 0)
        {
            return (All(inits, Step), All(mains, c => Waits(c, "PodInitializing")), false, start + ((current + 1) * script.InitDuration));
        }

        var restarts = pod.Spec?.RestartPolicy is null or "Always" || (pod.Spec.RestartPolicy == "OnFailure" && script.ExitCode != 0);
        var run = Attempts(initEnd, script.ExitAfter, now, restarts, timings);
        var readyAt = run.Since + script.ReadyAfter;
        var ready = run.IsRunning && now >= readyAt;
        var containers = All(mains, c => State(c, run, script.ExitCode, script.TerminationMessage, initEnd) with { Started = ready, PassesReadiness = ready });
        var next = run.IsRunning && !ready && !(run.Next < readyAt) ? readyAt : run.Next;
        return (All(inits, Step), containers, !restarts && !run.IsRunning, next);
    }

    /// <summary>Where a container that ends after <paramref name="duration"/> and is started again stands; absent: it runs on.</summary>
    private static Attempt Attempts(DateTimeOffset first, TimeSpan? duration, DateTimeOffset now, bool restarts, NodeTimings timings)
    {
        var (start, count) = (first, 0);
        (DateTimeOffset, DateTimeOffset)? last = null;
        var backOff = new CrashLoopBackOff(timings.CrashLoopInitial, timings.CrashLoopMax);
        while (true)
        {
            if (duration is not { } length)
            {
                return new Attempt(IsRunning: true, start, count, null, last);
            }

            var end = start + length;
            if (now < end)
            {
                return new Attempt(IsRunning: true, start, count, end, last);
            }

            last = (start, end);
            if (!restarts)
            {
                return new Attempt(IsRunning: false, start, count, null, last);
            }

            // Even where nothing waits by the kubelet's rule, a restart takes a moment; without it a script of no length would have no end.
            var wait = backOff.DelayAfter(end);
            var again = end + (wait > TimeSpan.Zero ? wait : timings.CrashLoopInitial / 10);
            if (now < again)
            {
                return new Attempt(IsRunning: false, start, count, again, last) { BackOff = wait > TimeSpan.Zero ? wait : null };
            }

            backOff.RecordRestart(end, again);
            (start, count) = (again, count + 1);
        }
    }

    private static ContainerSnapshot State(V1Container container, Attempt attempt, int exitCode, string? message, DateTimeOffset first)
    {
        var last = attempt.Last is { } run ? Terminated(exitCode, run.Start, run.End, message) : null;
        var state = attempt.IsRunning ? Running(attempt.Since)
            : attempt.Next is not null
                ? ContainerSnapshot.WaitingState("CrashLoopBackOff", $"back-off {(int)(attempt.BackOff ?? TimeSpan.Zero).TotalSeconds}s restarting failed container={container.Name}")
            : last!;
        return New(container, state) with { RestartCount = attempt.Restarts, LastState = ReferenceEquals(state, last) ? null : last };
    }

    private static ContainerSnapshot Ended(ContainerSnapshot container, int exitCode, DateTimeOffset start, DateTimeOffset end) =>
        container.State.Terminated is not null ? container : container with { State = Terminated(exitCode, container.State.Running?.StartedAt ?? start, end, null) };

    private static ContainerSnapshot New(V1Container container, V1ContainerState state) => new()
    {
        Name = container.Name,
        Image = container.Image,
        State = state,
        ContainerId = state.Running is null && state.Terminated is null ? null : $"hollow://{container.Name}",
        IsSidecar = container.RestartPolicy == "Always",
    };

    private static V1ContainerState Running(DateTimeOffset since) => new() { Running = new V1ContainerStateRunning { StartedAt = since } };

    private static V1ContainerState Terminated(int exitCode, DateTimeOffset start, DateTimeOffset end, string? message) => new()
    {
        Terminated = new V1ContainerStateTerminated
        {
            ExitCode = exitCode,
            Reason = exitCode == 0 ? "Completed" : "Error",
            Message = message,
            StartedAt = start,
            FinishedAt = end,
        },
    };

    /// <param name="Since">Start of the run that is on, or that was the last.</param>
    /// <param name="Next">When this changes.</param>
    /// <param name="Last">The last run that has ended.</param>
    private sealed record Attempt(bool IsRunning, DateTimeOffset Since, int Restarts, DateTimeOffset? Next, (DateTimeOffset Start, DateTimeOffset End)? Last)
    {
        public TimeSpan? BackOff { get; init; }
    }
}
