using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>Cells of deployments, sets and jobs.</summary>
internal static class WorkloadCells
{
    public static bool Handles(string resource) => resource is "deployments.apps" or "replicasets.apps" or "statefulsets.apps" or "daemonsets.apps"
        or "replicationcontrollers" or "jobs.batch" or "cronjobs.batch" or "podtemplates";

    public static JsonNode? Cell(string resource, string column, JsonObject value, DateTimeOffset now) => (resource, column) switch
    {
        ("podtemplates", "Containers") => CellText.Containers(value, "template.spec", "name"),
        ("podtemplates", "Images") => CellText.Containers(value, "template.spec", "image"),
        ("podtemplates", "Pod Labels") => CellText.Selector(value, "template.metadata.labels"),
        ("cronjobs.batch", "Containers") => CellText.Containers(value, "spec.jobTemplate.spec.template.spec", "name"),
        ("cronjobs.batch", "Images") => CellText.Containers(value, "spec.jobTemplate.spec.template.spec", "image"),
        ("cronjobs.batch", "Selector") => CellText.Selector(value, "spec.jobTemplate.spec.selector"),
        ("cronjobs.batch", "Timezone") => CellText.Text(value, "spec.timeZone", CellText.None),
        ("cronjobs.batch", "Suspend") => CellText.At(value, "spec.suspend")?.GetValue<bool>() ?? false,
        ("cronjobs.batch", "Active") => CellText.List(value, "status.active").Count(),
        ("cronjobs.batch", "Last Schedule") => CellText.At(value, "status.lastScheduleTime") is { } time ? HumanDuration.Since(time, now) : CellText.None,
        ("jobs.batch", "Status") => JobStatus(value),
        ("jobs.batch", "Completions") => Completions(value),
        ("jobs.batch", "Duration") => Duration(value, now),
        (_, "Containers") => CellText.Containers(value, "spec.template.spec", "name"),
        (_, "Images") => CellText.Containers(value, "spec.template.spec", "image"),
        (_, "Selector") => CellText.Selector(value, "spec.selector"),
        ("daemonsets.apps", "Node Selector") => CellText.Selector(value, "spec.template.spec.nodeSelector"),
        ("deployments.apps" or "statefulsets.apps", "Ready") =>
            $"{CellText.Number(value, "status.readyReplicas")}/{CellText.At(value, "spec.replicas")?.ToString() ?? "1"}",
        _ => null,
    };

    private static string JobStatus(JsonObject job)
    {
        foreach (var (type, shown) in new[] { ("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended"), ("FailureTarget", "FailureTarget"), ("SuccessCriteriaMet", "SuccessCriteriaMet") })
        {
            if (CellText.List(job, "status.conditions").Any(c => CellText.Text(c, "type") == type && CellText.Text(c, "status") == "True"))
            {
                return shown;
            }
        }

        return CellText.At(job, "metadata.deletionTimestamp") is null ? "Running" : "Terminating";
    }

    private static string Completions(JsonObject job)
    {
        var succeeded = CellText.Number(job, "status.succeeded");
        if (CellText.At(job, "spec.completions") is { } completions)
        {
            return $"{succeeded}/{completions}";
        }

        var parallelism = CellText.Number(job, "spec.parallelism");
        return parallelism > 1 ? $"{succeeded}/1 of {parallelism}" : $"{succeeded}/1";
    }

    private static JsonNode? Duration(JsonObject job, DateTimeOffset now)
    {
        if (HumanDuration.Parse(CellText.At(job, "status.startTime")) is not { } start)
        {
            return "";
        }

        return HumanDuration.Format((HumanDuration.Parse(CellText.At(job, "status.completionTime")) ?? now) - start);
    }
}
