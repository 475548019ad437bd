using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>What `kubectl get pods` shows; the status is more than the phase.</summary>
internal static class PodCells
{
    public static JsonNode? Cell(string column, JsonObject pod, DateTimeOffset now) => column switch
    {
        "Ready" => $"{CellText.List(pod, "status.containerStatuses").Count(IsReady)}/{CellText.List(pod, "spec.containers").Count()}",
        "Status" => Status(pod),
        "Restarts" => Restarts(pod, now),
        "IP" => CellText.Text(pod, "status.podIP", CellText.None),
        "Node" => CellText.Text(pod, "spec.nodeName", CellText.None),
        "Nominated Node" => CellText.Text(pod, "status.nominatedNodeName", CellText.None),
        "Readiness Gates" => Gates(pod),
        _ => null,
    };

    private static bool IsReady(JsonNode status) =>
        CellText.At(status, "ready")?.GetValue<bool>() == true && CellText.At(status, "state.running") is not null;

    private static string Status(JsonObject pod)
    {
        var reason = CellText.Text(pod, "status.reason", CellText.Text(pod, "status.phase", "Unknown"));
        var initializing = false;
        var initStatuses = CellText.List(pod, "status.initContainerStatuses").ToList();
        var initCount = CellText.List(pod, "spec.initContainers").Count();
        for (var i = 0; i < initStatuses.Count && !initializing; i++)
        {
            var status = initStatuses[i];
            if (CellText.At(status, "state.terminated") is { } terminated && CellText.Number(terminated, "exitCode") == 0)
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

    private static string Restarts(JsonObject pod, DateTimeOffset now)
    {
        var count = 0L;
        DateTimeOffset? last = null;
        foreach (var status in CellText.List(pod, "status.containerStatuses"))
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
