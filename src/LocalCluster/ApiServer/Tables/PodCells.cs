using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>What `kubectl get pods` shows; the status is more than the phase.</summary>
internal static class PodCells
{
    public static JsonNode? Cell(string column, JsonObject pod, DateTimeOffset now) => column switch
    {
        "Ready" => Ready(pod),
        "Status" => Status(pod),
        "Restarts" => Restarts(pod, now),
        "IP" => CellText.Text(pod, "status.podIP", CellText.None),
        "Node" => CellText.Text(pod, "spec.nodeName", CellText.None),
        "Nominated Node" => CellText.Text(pod, "status.nominatedNodeName", CellText.None),
        "Readiness Gates" => Gates(pod),
        _ => null,
    };

    /// <summary>Init containers that run beside the main ones count as such.</summary>
    private static string Ready(JsonObject pod)
    {
        var sidecars = Sidecars(pod);
        var ready = CellText.List(pod, "status.containerStatuses").Count(IsReady)
            + CellText.List(pod, "status.initContainerStatuses").Count(s => sidecars.Contains(CellText.Text(s, "name")) && IsReady(s));
        return $"{ready}/{CellText.List(pod, "spec.containers").Count() + sidecars.Count}";
    }

    private static HashSet<string> Sidecars(JsonObject pod) =>
        [.. CellText.List(pod, "spec.initContainers").Where(c => CellText.Text(c, "restartPolicy") == "Always").Select(c => CellText.Text(c, "name"))];

    private static bool IsReady(JsonNode status) =>
        CellText.At(status, "ready")?.GetValue<bool>() == true && CellText.At(status, "state.running") is not null;

    private static string Status(JsonObject pod)
    {
        var reason = CellText.Text(pod, "status.reason", CellText.Text(pod, "status.phase", "Unknown"));
        var initializing = false;
        var initStatuses = CellText.List(pod, "status.initContainerStatuses").ToList();
        var initCount = CellText.List(pod, "spec.initContainers").Count();
        var sidecars = Sidecars(pod);
        for (var i = 0; i < initStatuses.Count && !initializing; i++)
        {
            var status = initStatuses[i];
            var isDone = CellText.At(status, "state.terminated") is { } terminated && CellText.Number(terminated, "exitCode") == 0;
            var isStarted = sidecars.Contains(CellText.Text(status, "name")) && CellText.At(status, "started")?.GetValue<bool>() == true;
            if (isDone || isStarted)
            {
                continue;
            }

            initializing = true;
            if (CellText.At(status, "state.terminated") is { } failed)
            {
                reason = "Init:" + Ended(failed);
            }
            else if (CellText.Text(status, "state.waiting.reason") is { Length: > 0 } waiting && waiting != "PodInitializing")
            {
                reason = "Init:" + waiting;
            }
            else
            {
                reason = $"Init:{i}/{initCount}";
            }
        }

        if (!initializing)
        {
            reason = MainStatus(pod, reason);
        }

        if (CellText.At(pod, "metadata.deletionTimestamp") is not null)
        {
            return CellText.Text(pod, "status.reason") == "NodeLost" ? "Unknown" : "Terminating";
        }

        return reason;
    }

    private static string MainStatus(JsonObject pod, string reason)
    {
        var running = false;
        foreach (var status in CellText.List(pod, "status.containerStatuses").Reverse())
        {
            if (CellText.Text(status, "state.waiting.reason") is { Length: > 0 } waiting)
            {
                reason = waiting;
            }
            else if (CellText.At(status, "state.terminated") is { } terminated)
            {
                reason = Ended(terminated);
            }
            else
            {
                running |= IsReady(status);
            }
        }

        if (reason == "Completed" && running)
        {
            return CellText.List(pod, "status.conditions").Any(c => CellText.Text(c, "type") == "Ready" && CellText.Text(c, "status") == "True")
                ? "Running"
                : "NotReady";
        }

        return reason;
    }

    private static string Ended(JsonNode terminated)
    {
        if (CellText.Text(terminated, "reason") is { Length: > 0 } reason)
        {
            return reason;
        }

        var signal = CellText.Number(terminated, "signal");
        return signal != 0 ? $"Signal:{signal}" : $"ExitCode:{CellText.Number(terminated, "exitCode")}";
    }

    /// <summary>Of the init containers until they are done; then of the main ones and of those that run beside them.</summary>
    private static string Restarts(JsonObject pod, DateTimeOffset now)
    {
        var isInitialized = CellText.List(pod, "status.conditions").Any(c => CellText.Text(c, "type") == "Initialized" && CellText.Text(c, "status") == "True");
        var sidecars = Sidecars(pod);
        var counted = CellText.List(pod, "status.initContainerStatuses").Where(s => !isInitialized || sidecars.Contains(CellText.Text(s, "name")))
            .Concat(isInitialized ? CellText.List(pod, "status.containerStatuses") : []);
        var count = 0L;
        DateTimeOffset? last = null;
        foreach (var status in counted)
        {
            count += CellText.Number(status, "restartCount");
            if (HumanDuration.Parse(CellText.At(status, "lastState.terminated.finishedAt")) is { } finished && (last is null || finished > last))
            {
                last = finished;
            }
        }

        return count > 0 && last is { } time ? $"{count} ({HumanDuration.Format(now - time)} ago)" : $"{count}";
    }

    private static string Gates(JsonObject pod)
    {
        var gates = CellText.List(pod, "spec.readinessGates").Select(g => CellText.Text(g, "conditionType")).ToList();
        if (gates.Count == 0)
        {
            return CellText.None;
        }

        var met = gates.Count(g => CellText.List(pod, "status.conditions").Any(c => CellText.Text(c, "type") == g && CellText.Text(c, "status") == "True"));
        return $"{met}/{gates.Count}";
    }
}
