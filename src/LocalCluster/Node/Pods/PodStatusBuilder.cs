using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>A pod's status as the kubelet writes it. Pure.</summary>
internal static class PodStatusBuilder
{
    /// <param name="pod">The object as last seen: conditions that keep their status keep their transition time, readiness gates are read from it.</param>
    public static V1PodStatus Build(V1Pod pod, PodSnapshot snapshot, DateTimeOffset now)
    {
        var phase = Phase(pod.Spec?.RestartPolicy ?? "Always", snapshot);
        return new V1PodStatus
        {
            ObservedGeneration = pod.Metadata.Generation,
            Phase = phase,
            Reason = snapshot.FailureReason,
            Message = snapshot.FailureMessage,
            Conditions = Conditions(pod, snapshot, phase, now),
            HostIP = snapshot.HostIP,
            HostIPs = [new V1HostIP { Ip = snapshot.HostIP }],
            PodIP = snapshot.PodIP,
            PodIPs = snapshot.PodIP is null ? null : [new V1PodIP { Ip = snapshot.PodIP }],
            StartTime = snapshot.StartTime,
            InitContainerStatuses = snapshot.InitContainers.Count == 0 ? null : [.. snapshot.InitContainers.Select(c => Status(c, isInit: true))],
            ContainerStatuses = [.. snapshot.Containers.Select(c => Status(c, isInit: false))],
        };
    }

    /// <summary>The kubelet's phase rules.</summary>
    internal static string Phase(string restartPolicy, PodSnapshot snapshot)
    {
        if (snapshot.FailureReason is not null)
        {
            return "Failed";
        }

        if (snapshot.Finished)
        {
            return snapshot.InitContainers.Concat(snapshot.Containers).All(c => c.HasSucceeded || c.IsSidecar) ? "Succeeded" : "Failed";
        }

        var initFailed = snapshot.InitContainers.Any(c => !c.IsSidecar && c.State.Terminated is { ExitCode: not 0 });
        if (initFailed && restartPolicy == "Never")
        {
            return "Failed";
        }

        if (!IsInitialized(snapshot))
        {
            return "Pending";
        }

        if (snapshot.Containers.Any(c => c.State.Waiting is not null && c.LastState?.Terminated is null))
        {
            return "Pending";
        }

        // Sidecars end after the containers: until then the pod runs.
        if (snapshot.Containers.Any(c => c.IsRunning) || snapshot.InitContainers.Any(c => c is { IsSidecar: true, IsRunning: true }) || restartPolicy == "Always")
        {
            return "Running";
        }

        var stopped = snapshot.Containers.Select(c => c.State.Terminated ?? c.LastState?.Terminated).ToList();
        return stopped.All(t => t is { ExitCode: 0 }) ? "Succeeded" : restartPolicy == "Never" ? "Failed" : "Running";
    }

    /// <summary>A sidecar that is started again later takes nothing back: once a container has started, the pod is initialized.</summary>
    private static bool IsInitialized(PodSnapshot snapshot) =>
        snapshot.InitContainers.All(c => c.IsInitialized) || snapshot.Containers.Any(c => c.IsRunning || c.State.Terminated is not null || c.LastState?.Terminated is not null);

    private static V1ContainerStatus Status(ContainerSnapshot container, bool isInit) => new()
    {
        Name = container.Name,
        Image = container.Image,
        ImageID = container.ContainerId is null ? "" : container.Image,
        ContainerID = container.ContainerId,
        Ready = isInit && !container.IsSidecar ? container.HasSucceeded : container.IsReady,
        Started = container.IsRunning && (container.Started || (isInit && !container.IsSidecar)),
        RestartCount = container.RestartCount,
        State = container.State,
        LastState = container.LastState ?? new V1ContainerState(),
    };

    private static List<V1PodCondition> Conditions(V1Pod pod, PodSnapshot snapshot, string phase, DateTimeOffset now)
    {
        var initialized = Initialized(snapshot, phase);
        var containersReady = ContainersReady(snapshot, phase);
        var conditions = new List<V1PodCondition>
        {
            new() { Type = "PodReadyToStartContainers", Status = Text(snapshot.SandboxReady && !snapshot.Finished && phase is "Pending" or "Running") },
            initialized,
            Ready(pod, containersReady),
            containersReady,
            new() { Type = "PodScheduled", Status = "True" },
        };
        return [.. conditions.Select(c => c with { LastTransitionTime = Transition(pod, c, now), ObservedGeneration = pod.Metadata.Generation })];
    }

    private static V1PodCondition Initialized(PodSnapshot snapshot, string phase)
    {
        if (phase == "Succeeded")
        {
            return new V1PodCondition { Type = "Initialized", Status = "True", Reason = "PodCompleted" };
        }

        var incomplete = snapshot.InitContainers.Where(c => !c.IsInitialized).Select(c => c.Name).ToList();
        return IsInitialized(snapshot)
            ? new V1PodCondition { Type = "Initialized", Status = "True" }
            : new V1PodCondition { Type = "Initialized", Status = "False", Reason = "ContainersNotInitialized", Message = $"containers with incomplete status: [{string.Join(' ', incomplete)}]" };
    }

    private static V1PodCondition ContainersReady(PodSnapshot snapshot, string phase)
    {
        if (phase is "Succeeded" or "Failed")
        {
            return new V1PodCondition { Type = "ContainersReady", Status = "False", Reason = phase == "Succeeded" ? "PodCompleted" : "PodFailed" };
        }

        var unready = snapshot.InitContainers.Where(c => c.IsSidecar).Concat(snapshot.Containers).Where(c => !c.IsReady).Select(c => c.Name).ToList();
        return unready.Count == 0
            ? new V1PodCondition { Type = "ContainersReady", Status = "True" }
            : new V1PodCondition { Type = "ContainersReady", Status = "False", Reason = "ContainersNotReady", Message = $"containers with unready status: [{string.Join(' ', unready)}]" };
    }

    private static V1PodCondition Ready(V1Pod pod, V1PodCondition containersReady)
    {
        if (containersReady.Status != "True")
        {
            return containersReady with { Type = "Ready" };
        }

        foreach (var gate in pod.Spec?.ReadinessGates ?? [])
        {
            var state = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == gate.ConditionType)?.Status;
            if (state != "True")
            {
                return new V1PodCondition
                {
                    Type = "Ready",
                    Status = "False",
                    Reason = "ReadinessGatesNotReady",
                    Message = state is null
                        ? $"corresponding condition of pod readiness gate \"{gate.ConditionType}\" does not exist."
                        : $"the status of pod readiness gate \"{gate.ConditionType}\" is not \"True\", but {state}",
                };
            }
        }

        return new V1PodCondition { Type = "Ready", Status = "True" };
    }

    private static DateTimeOffset Transition(V1Pod pod, V1PodCondition condition, DateTimeOffset now) =>
        pod.Status?.Conditions?.FirstOrDefault(c => c.Type == condition.Type) is { } before && before.Status == condition.Status && before.LastTransitionTime is { } at
            ? at
            : now;

    private static string Text(bool value) => value ? "True" : "False";
}
