using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Defaults of the apps group.</summary>
internal static class AppsDefaults
{
    public static void Apply(string kind, JsonObject spec)
    {
        PodDefaults.ApplyToTemplate(spec["template"]);
        switch (kind)
        {
            case "Deployment":
                spec.SetDefault("replicas", 1);
                spec.SetDefault("revisionHistoryLimit", 10);
                spec.SetDefault("progressDeadlineSeconds", 600);
                var strategy = spec.Ensure("strategy");
                strategy.SetDefault("type", "RollingUpdate");
                if (strategy["type"].AsText() == "RollingUpdate")
                {
                    var rolling = strategy.Ensure("rollingUpdate");
                    rolling.SetDefault("maxUnavailable", "25%");
                    rolling.SetDefault("maxSurge", "25%");
                }

                break;
            case "ReplicaSet":
                spec.SetDefault("replicas", 1);
                break;
            case "StatefulSet":
                StatefulSet(spec);
                break;
            case "DaemonSet":
                spec.SetDefault("revisionHistoryLimit", 10);
                var update = spec.Ensure("updateStrategy");
                update.SetDefault("type", "RollingUpdate");
                if (update["type"].AsText() == "RollingUpdate")
                {
                    var rolling = update.Ensure("rollingUpdate");
                    rolling.SetDefault("maxUnavailable", 1);
                    rolling.SetDefault("maxSurge", 0);
                }

                break;
        }
    }

    private static void StatefulSet(JsonObject spec)
    {
        spec.SetDefault("replicas", 1);
        spec.SetDefault("podManagementPolicy", "OrderedReady");
        spec.SetDefault("revisionHistoryLimit", 10);
        var retention = spec.Ensure("persistentVolumeClaimRetentionPolicy");
        retention.SetDefault("whenDeleted", "Retain");
        retention.SetDefault("whenScaled", "Retain");
        var update = spec.Ensure("updateStrategy");
        update.SetDefault("type", "RollingUpdate");
        if (update["type"].AsText() == "RollingUpdate")
        {
            update.Ensure("rollingUpdate").SetDefault("partition", 0);
        }

        foreach (var claim in (spec["volumeClaimTemplates"] as JsonArray ?? []).OfType<JsonObject>())
        {
            claim.SetDefault("apiVersion", "v1");
            claim.SetDefault("kind", "PersistentVolumeClaim");
            claim.Ensure("spec").SetDefault("volumeMode", "Filesystem");
            claim.Ensure("status").SetDefault("phase", "Pending");
        }
    }
}
