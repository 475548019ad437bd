using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>Cells of nodes, volumes, events, policies and bindings.</summary>
internal static class ClusterCells
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static (bool Handled, JsonNode? Cell) Cell(string resource, string column, JsonObject value, DateTimeOffset now) => (resource, column) switch
    {
        ("configmaps", "Data") => (true, Count(value, "data") + Count(value, "binaryData")),
        ("secrets", "Data") => (true, Count(value, "data")),
        ("namespaces", "Status") => (true, CellText.Text(value, "status.phase")),
        ("nodes", "Status") => (true, NodeStatus(value)),
        ("nodes", "Roles") => (true, Roles(value)),
        ("nodes", "Internal-IP") => (true, Address(value, "InternalIP")),
        ("nodes", "External-IP") => (true, Address(value, "ExternalIP")),
        ("nodes", "Version") => (true, CellText.Text(value, "status.nodeInfo.kubeletVersion")),
        ("nodes", "OS-Image") => (true, CellText.Text(value, "status.nodeInfo.osImage", "<unknown>")),
        ("nodes", "Kernel-Version") => (true, CellText.Text(value, "status.nodeInfo.kernelVersion", "<unknown>")),
        ("nodes", "Container-Runtime") => (true, CellText.Text(value, "status.nodeInfo.containerRuntimeVersion", "<unknown>")),
        ("persistentvolumes", "Capacity") => (true, CellText.Text(value, "spec.capacity.storage")),
        ("persistentvolumeclaims", "Capacity") => (true, CellText.Text(value, "status.capacity.storage")),
        ("persistentvolumes", "Access Modes") => (true, AccessModes(value, "spec.accessModes")),
        ("persistentvolumeclaims", "Access Modes") => (true, AccessModes(value, "status.accessModes")),
        ("persistentvolumes", "Claim") => (true, CellText.At(value, "spec.claimRef") is { } claim ? $"{claim["namespace"]}/{claim["name"]}" : ""),
        ("persistentvolumes" or "persistentvolumeclaims", "Status") =>
            (true, CellText.At(value, "metadata.deletionTimestamp") is null ? CellText.Text(value, "status.phase") : "Terminating"),
        ("persistentvolumes" or "persistentvolumeclaims", "StorageClass") => (true, CellText.Text(value, "spec.storageClassName")),
        ("persistentvolumes" or "persistentvolumeclaims", "VolumeAttributesClass") => (true, CellText.Text(value, "spec.volumeAttributesClassName", CellText.Unset)),
        ("persistentvolumes" or "persistentvolumeclaims", "VolumeMode") => (true, CellText.Text(value, "spec.volumeMode", CellText.Unset)),
        ("resourcequotas", "Request") => (true, Quota(value, isLimit: false)),
        ("resourcequotas", "Limit") => (true, Quota(value, isLimit: true)),
        ("validatingwebhookconfigurations.admissionregistration.k8s.io", "Webhooks") => (true, CellText.List(value, "webhooks").Count()),
        ("controllerrevisions.apps", "Controller") => (true, Controller(value)),
        ("horizontalpodautoscalers.autoscaling", "Reference") =>
            (true, $"{CellText.Text(value, "spec.scaleTargetRef.kind")}/{CellText.Text(value, "spec.scaleTargetRef.name")}"),
        ("horizontalpodautoscalers.autoscaling", "Targets") => (true, Targets(value)),
        ("horizontalpodautoscalers.autoscaling", "MinPods") => (true, CellText.Text(value, "spec.minReplicas", CellText.Unset)),
        ("horizontalpodautoscalers.autoscaling", "MaxPods" or "Replicas") =>
            (true, CellText.Number(value, column == "MaxPods" ? "spec.maxReplicas" : "status.currentReplicas")),
        ("networkpolicies.networking.k8s.io", "Pod-Selector") => (true, CellText.Selector(value, "spec.podSelector")),
        ("poddisruptionbudgets.policy", "Min Available") => (true, CellText.Text(value, "spec.minAvailable", "N/A")),
        ("poddisruptionbudgets.policy", "Max Unavailable") => (true, CellText.Text(value, "spec.maxUnavailable", "N/A")),
        ("poddisruptionbudgets.policy", "Allowed Disruptions") => (true, CellText.Number(value, "status.disruptionsAllowed")),
        ("rolebindings.rbac.authorization.k8s.io", "Role") =>
            (true, $"{CellText.Text(value, "roleRef.kind")}/{CellText.Text(value, "roleRef.name")}"),
        ("rolebindings.rbac.authorization.k8s.io", "Users") => (true, Subjects(value, "User")),
        ("rolebindings.rbac.authorization.k8s.io", "Groups") => (true, Subjects(value, "Group")),
        ("rolebindings.rbac.authorization.k8s.io", "ServiceAccounts") => (true, Subjects(value, "ServiceAccount")),
        ("storageclasses.storage.k8s.io", "ReclaimPolicy") => (true, CellText.Text(value, "reclaimPolicy", "Delete")),
        ("storageclasses.storage.k8s.io", "VolumeBindingMode") => (true, CellText.Text(value, "volumeBindingMode", CellText.Unset)),
        ("storageclasses.storage.k8s.io", "AllowVolumeExpansion") => (true, CellText.At(value, "allowVolumeExpansion")?.GetValue<bool>() ?? false),
        ("priorityclasses.scheduling.k8s.io", "PreemptionPolicy") => (true, CellText.Text(value, "preemptionPolicy")),
        ("events" or "events.events.k8s.io", _) => EventCells.Cell(column, value, now),
        _ => (false, null),
    };

    private static int Count(JsonObject value, string field) => (value[field] as JsonObject)?.Count ?? 0;

    private static string NodeStatus(JsonObject node)
    {
        var ready = CellText.List(node, "status.conditions").FirstOrDefault(c => CellText.Text(c, "type") == "Ready");
        var status = ready is null ? "Unknown" : CellText.Text(ready, "status") == "True" ? "Ready" : "NotReady";
        return CellText.At(node, "spec.unschedulable")?.GetValue<bool>() == true ? status + ",SchedulingDisabled" : status;
    }

    private static string Roles(JsonObject node) => CellText.OrNone((CellText.At(node, "metadata.labels") as JsonObject ?? [])
        .Where(l => l.Key.StartsWith(RolePrefix, StringComparison.Ordinal) && l.Key.Length > RolePrefix.Length)
        .Select(l => l.Key[RolePrefix.Length..]).Order(StringComparer.Ordinal));

    private static string Address(JsonObject node, string type) =>
        CellText.List(node, "status.addresses").FirstOrDefault(a => CellText.Text(a, "type") == type)?["address"]?.ToString() ?? CellText.None;

    private static string AccessModes(JsonObject value, string path) => string.Join(",", CellText.List(value, path).Select(m => m.ToString() switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        var other => other,
    }));

    private static string Quota(JsonObject quota, bool isLimit)
    {
        var hard = CellText.At(quota, "status.hard") as JsonObject ?? CellText.At(quota, "spec.hard") as JsonObject ?? [];
        return string.Join(", ", hard.Where(h => h.Key.StartsWith("limits.", StringComparison.Ordinal) == isLimit).OrderBy(h => h.Key, StringComparer.Ordinal)
            .Select(h => $"{h.Key}: {(CellText.At(quota, "status.used") as JsonObject)?[h.Key]?.ToString() ?? "0"}/{h.Value}"));
    }

    private static string Controller(JsonObject value)
    {
        var owner = CellText.List(value, "metadata.ownerReferences").FirstOrDefault(o => CellText.At(o, "controller")?.GetValue<bool>() == true);
        return owner is null ? CellText.None : $"{CellText.Text(owner, "kind").ToLowerInvariant()}.{CellText.Text(owner, "apiVersion").Split('/')[0]}/{CellText.Text(owner, "name")}";
    }

    private static string Targets(JsonObject autoscaler)
    {
        var parts = CellText.List(autoscaler, "spec.metrics").Select(m =>
            $"{CellText.Text(m, "resource.name")}: <unknown>/{CellText.Text(m, "resource.target.averageUtilization", "<auto>")}%").ToList();
        return parts.Count > 0 ? string.Join(", ", parts)
            : CellText.At(autoscaler, "spec.targetCPUUtilizationPercentage") is { } cpu ? $"cpu: <unknown>/{cpu}%" : CellText.None;
    }

    private static string Subjects(JsonObject binding, string kind) => string.Join(", ", CellText.List(binding, "subjects")
        .Where(s => CellText.Text(s, "kind") == kind)
        .Select(s => kind == "ServiceAccount" ? $"{CellText.Text(s, "namespace")}/{CellText.Text(s, "name")}" : CellText.Text(s, "name")));
}
