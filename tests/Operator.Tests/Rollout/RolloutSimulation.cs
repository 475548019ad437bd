using Octavo.Operator.Rollout;

namespace Octavo.Operator.Tests.Rollout;

/// <summary>
/// A rollout played through: the arithmetic of the Deployment controller and of its replica sets as Kubernetes documents and implements it (replicas that end do not
/// count; old sets give up replicas that are not available first), a scheduler that binds whoever waits while there is room (also pods of others), kubelets that start and end pods,
/// and the planner, which looks now and then. Who acts next is drawn.
/// </summary>
internal sealed class RolloutSimulation(Random random, int replicas, IReadOnlyList<int> accelerators)
{
    private readonly List<SimulatedPod> pods = [];
    private readonly List<string> history = [];
    private int names;
    private int newSize;
    private int oldSize;

    public int Surge { get; private set; } = 1;

    public int Unavailable { get; private set; }

    public bool IsPaused { get; private set; }

    /// <summary>The new template never gets ready.</summary>
    public bool IsBad { get; init; }

    public RolloutMode? FirstMode { get; private set; }

    public string? LastReason { get; private set; }

    public int Available => pods.Count(p => p is { IsOwn: true, IsLeaving: false, State: "ready" });

    public int OldLeft => pods.Count(p => p is { IsOwn: true, IsNew: false });

    public int NewReady => pods.Count(p => p is { IsOwn: true, IsNew: true, IsLeaving: false, State: "ready" });

    /// <summary>Accelerators of ours that others took since the start.</summary>
    public int Stolen { get; private set; }

    public int Rivals => pods.Count(p => !p.IsOwn);

    public int Capacity => accelerators.Sum();

    /// <summary>Fails with what happened before where fewer replicas answer.</summary>
    public void RequireAvailable(int least)
    {
        if (Available < least)
        {
            throw new InvalidOperationException($"{Available} of at least {least} answer:{Environment.NewLine}{string.Join(Environment.NewLine, history.TakeLast(25))}");
        }
    }

    /// <summary>Old replicas in these states, placed as far as there is room.</summary>
    public void Begin(IReadOnlyList<string> states)
    {
        foreach (var state in states)
        {
            var pod = Add(isOwn: true, isNew: false);
            pod.Node = FreeNode();
            pod.State = pod.Node is null ? "stuck" : state;
        }

        oldSize = states.Count;
        Plan(startsNow: true);
    }

    public void AddRival() => Add(isOwn: false, isNew: false);

    /// <summary>One actor does one thing.</summary>
    public void Step()
    {
        var actor = random.Next(10);
        switch (actor)
        {
            case < 3: ControlDeployment(); break;
            case < 5: Schedule(); break;
            case < 8: RunKubelet(); break;
            default: Plan(startsNow: false); break;
        }

        var text = string.Join(' ', pods.Select(p => $"{(p.IsOwn ? p.IsNew ? "new" : "old" : "rival")}:{(p.IsLeaving ? "leaving" : p.State)}@{p.Node ?? "-"}"));
        history.Add($"{(actor < 3 ? "controller" : actor < 5 ? "scheduler" : actor < 8 ? "kubelet" : "planner")} {Surge}/{Unavailable}{(IsPaused ? " paused" : "")} {LastReason}: {text}");
        CheckNodes();
    }

    /// <summary>Everybody acts until nothing changes any more.</summary>
    public void Settle()
    {
        for (var i = 0; i < 200 + (40 * replicas); i++)
        {
            ControlDeployment();
            Schedule();
            RunKubelet();
            Plan(startsNow: false);
            CheckNodes();
        }
    }

    public void Plan(bool startsNow)
    {
        var decision = RolloutPlanner.Plan(new RolloutInputs
        {
            Wanted = replicas,
            StartsNow = startsNow,
            Replicas = [.. pods.Where(p => p.IsOwn).Select(p => new Replica(p.ToPod(), p.IsNew))],
            Pod = Scene.Pod("gpu=1"),
            Accelerator = Scene.Gpu,
            Cluster = Scene.Cluster(string.Join(';', accelerators.Select((a, i) => $"n{i} gpu={a}")), string.Join(';', pods.Where(p => !p.IsOwn).Select(p => $"{p.Node ?? "-"} gpu=1"))),
            LiveSurge = startsNow ? null : Surge,
            Now = Scene.Now,
        });
        (Surge, Unavailable, IsPaused, LastReason) = (decision.MaxSurge, decision.MaxUnavailable, decision.IsHeld, decision.Failure?.Reason ?? decision.Reason);
        FirstMode ??= decision.Mode;
    }

    private void ControlDeployment()
    {
        if (IsPaused)
        {
            SyncReplicaSets();
            return;
        }

        var total = oldSize + newSize;
        if (newSize < replicas && total < replicas + Surge)
        {
            newSize += Math.Min(replicas + Surge - total, replicas - newSize);
        }
        else
        {
            var newAvailable = Count(isNew: true, available: true);
            var minAvailable = replicas - Math.Min(Unavailable, replicas);
            var budget = total - minAvailable - (newSize - newAvailable);
            if (oldSize > 0 && budget > 0)
            {
                var unhealthy = Math.Min(budget, Math.Max(0, oldSize - Count(isNew: false, available: true)));
                oldSize -= unhealthy;
                var spare = Count(isNew: false, available: true) + newAvailable - minAvailable;
                oldSize -= Math.Max(0, Math.Min(oldSize, spare));
            }
        }

        SyncReplicaSets();
    }

    private void SyncReplicaSets()
    {
        foreach (var (isNew, size) in new[] { (true, newSize), (false, oldSize) })
        {
            var live = pods.Where(p => p.IsOwn && p.IsNew == isNew && !p.IsLeaving).ToList();
            for (var i = live.Count; i < size; i++)
            {
                Add(isOwn: true, isNew);
            }

            foreach (var victim in live.OrderBy(p => p.Node is null ? 0 : 1).ThenBy(p => p.State == "ready" ? 1 : 0).Take(Math.Max(0, live.Count - size)))
            {
                victim.IsLeaving = true;
                if (victim.Node is null)
                {
                    pods.Remove(victim);
                }
            }
        }
    }

    private int Count(bool isNew, bool available) => pods.Count(p => p.IsOwn && p.IsNew == isNew && !p.IsLeaving && p.State == "ready" == available);

    private void Schedule()
    {
        foreach (var pod in pods.Where(p => p is { Node: null, IsLeaving: false }).OrderBy(p => p.IsOwn ? random.Next(2) : 0).ToList())
        {
            pod.Node = FreeNode();
            pod.State = pod.Node is null ? "stuck" : "starting";
            Stolen += pod.Node is not null && !pod.IsOwn ? 1 : 0;
        }
    }

    private void RunKubelet()
    {
        if (pods.Where(p => p.Node is not null && (p.IsLeaving || (p.IsOwn && p.State == "starting"))).ToList() is not { Count: > 0 } busy)
        {
            return;
        }

        var pod = busy[random.Next(busy.Count)];
        if (pod.IsLeaving)
        {
            pods.Remove(pod);
            return;
        }

        pod.State = pod.IsNew && IsBad ? "crashing" : "ready";
    }

    private string? FreeNode()
    {
        var free = Enumerable.Range(0, accelerators.Count).Where(i => pods.Count(p => p.Node == $"n{i}") < accelerators[i]).ToList();
        return free.Count == 0 ? null : $"n{free[random.Next(free.Count)]}";
    }

    private void CheckNodes()
    {
        for (var i = 0; i < accelerators.Count; i++)
        {
            pods.Count(p => p.Node == $"n{i}").Should().BeLessThanOrEqualTo(accelerators[i]);
        }
    }

    private SimulatedPod Add(bool isOwn, bool isNew)
    {
        var pod = new SimulatedPod { Name = $"p{names++:0000}", IsOwn = isOwn, IsNew = isNew };
        pods.Add(pod);
        return pod;
    }

    private sealed class SimulatedPod
    {
        public required string Name { get; init; }
        public required bool IsOwn { get; init; }
        public required bool IsNew { get; init; }
        public string? Node { get; set; }
        public string State { get; set; } = "created";
        public bool IsLeaving { get; set; }

        public KubernetesClient.Models.V1Pod ToPod()
        {
            var pod = Scene.Pod("gpu=1");
            return pod with
            {
                Metadata = pod.Metadata with { Name = Name, Uid = Name, DeletionTimestamp = IsLeaving ? Scene.Now : null },
                Spec = pod.Spec! with { NodeName = Node },
                Status = Scene.Status(State),
            };
        }
    }
}
