using System.Text;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>The defaults of built-in kinds that live in the server's code and not in the OpenAPI documents. Objects come in <see cref="StructForm"/>.</summary>
internal static class BuiltInDefaults
{
    public static void Apply(string group, string kind, JsonObject obj)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        switch (group, kind)
        {
            case ("", "Pod"):
                PodDefaults.ApplyToPod(spec);
                break;
            case ("", "PodTemplate"):
                PodDefaults.ApplyToTemplate(obj["template"]);
                break;
            case ("", "Service"):
                Service(spec);
                break;
            case ("", "Secret"):
                Secret(obj);
                break;
            case ("", "Namespace"):
                if (obj["metadata"]?["name"].AsText() is { Length: > 0 } name)
                {
                    obj.Ensure("metadata", "labels").SetDefault("kubernetes.io/metadata.name", name);
                }

                break;
            case ("", "PersistentVolumeClaim"):
                spec.SetDefault("volumeMode", "Filesystem");
                obj.Ensure("status").SetDefault("phase", "Pending");
                break;
            case ("", "PersistentVolume"):
                spec.SetDefault("volumeMode", "Filesystem");
                spec.SetDefault("persistentVolumeReclaimPolicy", "Retain");
                obj.Ensure("status").SetDefault("phase", "Pending");
                break;
            case ("", "ReplicationController"):
                PodDefaults.ApplyToTemplate(spec["template"]);
                break;
            case ("", "Endpoints"):
                foreach (var port in (obj["subsets"] as JsonArray ?? []).SelectMany(s => s?["ports"] as JsonArray ?? []).OfType<JsonObject>())
                {
                    port.SetDefault("protocol", "TCP");
                }

                break;
            case ("apps", _):
                AppsDefaults.Apply(kind, spec);
                break;
            case ("batch", "Job"):
                Job(spec);
                if (obj.At("metadata", "labels") is not JsonObject { Count: > 0 } && spec.At("template", "metadata", "labels") is JsonObject { Count: > 0 } labels)
                {
                    obj.Ensure("metadata")["labels"] = labels.DeepClone();
                }

                break;
            case ("batch", "CronJob"):
                CronJob(spec);
                break;
            case ("discovery.k8s.io", "EndpointSlice"):
                foreach (var port in (obj["ports"] as JsonArray ?? []).OfType<JsonObject>())
                {
                    port.SetDefault("name", "");
                    port.SetDefault("protocol", "TCP");
                }

                break;
            case ("rbac.authorization.k8s.io", "RoleBinding" or "ClusterRoleBinding"):
                Binding(obj);
                break;
            case ("autoscaling", "HorizontalPodAutoscaler"):
                spec.SetDefault("minReplicas", 1);
                break;
            case ("networking.k8s.io", "NetworkPolicy"):
                NetworkPolicy(spec);
                break;
            case ("storage.k8s.io", "StorageClass"):
                obj.SetDefault("reclaimPolicy", "Delete");
                obj.SetDefault("volumeBindingMode", "Immediate");
                break;
            case ("scheduling.k8s.io", "PriorityClass"):
                obj.SetDefault("preemptionPolicy", "PreemptLowerPriority");
                break;
            case ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration" or "MutatingWebhookConfiguration"):
                Webhooks(obj, kind == "MutatingWebhookConfiguration");
                break;
            case ("apiextensions.k8s.io", "CustomResourceDefinition"):
                Definition(spec);
                break;
        }
    }

    private static void Service(JsonObject spec)
    {
        spec.SetDefault("sessionAffinity", "None");
        if (spec["sessionAffinity"].AsText() == "None")
        {
            spec.Remove("sessionAffinityConfig");
        }
        else
        {
            spec.Ensure("sessionAffinityConfig", "clientIP").SetDefault("timeoutSeconds", 10800);
        }

        spec.SetDefault("type", "ClusterIP");
        foreach (var port in (spec["ports"] as JsonArray ?? []).OfType<JsonObject>())
        {
            port.SetDefault("protocol", "TCP");
            if (port["targetPort"] is null || port["targetPort"].AsWhole() == 0 || port["targetPort"].AsText() == "")
            {
                port["targetPort"] = port["port"]?.DeepClone();
            }
        }

        var type = spec["type"].AsText();
        if (type is "NodePort" or "LoadBalancer")
        {
            spec.SetDefault("externalTrafficPolicy", "Cluster");
        }

        if (type is "NodePort" or "LoadBalancer" or "ClusterIP")
        {
            spec.SetDefault("internalTrafficPolicy", "Cluster");
        }

        if (type == "LoadBalancer")
        {
            spec.SetDefault("allocateLoadBalancerNodePorts", true);
        }
    }

    private static void Secret(JsonObject obj)
    {
        if (obj["stringData"] is JsonObject plain)
        {
            foreach (var (key, value) in plain)
            {
                obj.Ensure("data")[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsText() ?? ""));
            }

            obj.Remove("stringData");
        }

        obj.SetDefault("type", "Opaque");
    }

    private static void Job(JsonObject spec)
    {
        if (spec["parallelism"] is null && spec["completions"] is null)
        {
            spec["completions"] = 1;
        }

        spec.SetDefault("parallelism", 1);
        spec.SetDefault("backoffLimit", spec["backoffLimitPerIndex"] is null ? 6 : int.MaxValue);
        spec.SetDefault("completionMode", "NonIndexed");
        spec.SetDefault("suspend", false);
        spec.SetDefault("manualSelector", false);
        spec.SetDefault("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
        foreach (var pattern in (spec.At("podFailurePolicy", "rules") as JsonArray ?? []).SelectMany(r => r.At("onPodConditions") as JsonArray ?? []).OfType<JsonObject>())
        {
            pattern.SetDefault("status", "True");
        }

        PodDefaults.ApplyToTemplate(spec["template"]);
    }

    private static void CronJob(JsonObject spec)
    {
        spec.SetDefault("concurrencyPolicy", "Allow");
        spec.SetDefault("suspend", false);
        spec.SetDefault("successfulJobsHistoryLimit", 3);
        spec.SetDefault("failedJobsHistoryLimit", 1);
        PodDefaults.ApplyToTemplate(spec.At("jobTemplate", "spec", "template"));
    }

    private static void Binding(JsonObject obj)
    {
        const string Group = "rbac.authorization.k8s.io";
        if (obj["roleRef"] is JsonObject role && role["apiGroup"].AsText() is null or "")
        {
            obj.Ensure("roleRef")["apiGroup"] = Group;
        }

        foreach (var subject in (obj["subjects"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (subject["kind"].AsText() is "User" or "Group")
            {
                subject.SetDefault("apiGroup", Group);
            }
        }
    }

    private static void NetworkPolicy(JsonObject spec)
    {
        foreach (var rule in new[] { "ingress", "egress" }.SelectMany(d => spec[d] as JsonArray ?? []))
        {
            foreach (var port in (rule?["ports"] as JsonArray ?? []).OfType<JsonObject>())
            {
                port.SetDefault("protocol", "TCP");
            }
        }

        if (spec["policyTypes"] is null)
        {
            spec["policyTypes"] = spec["egress"] is null ? new JsonArray("Ingress") : new JsonArray("Ingress", "Egress");
        }
    }

    private static void Webhooks(JsonObject obj, bool mutating)
    {
        foreach (var webhook in (obj["webhooks"] as JsonArray ?? []).OfType<JsonObject>())
        {
            webhook.SetDefault("failurePolicy", "Fail");
            webhook.SetDefault("matchPolicy", "Equivalent");
            webhook.SetDefault("namespaceSelector", new JsonObject());
            webhook.SetDefault("objectSelector", new JsonObject());
            webhook.SetDefault("timeoutSeconds", 10);
            if (mutating)
            {
                webhook.SetDefault("reinvocationPolicy", "Never");
            }

            if (webhook.At("clientConfig", "service") is JsonObject service)
            {
                service.SetDefault("port", 443);
            }

            foreach (var rule in (webhook["rules"] as JsonArray ?? []).OfType<JsonObject>())
            {
                rule.SetDefault("scope", "*");
            }
        }
    }

    private static void Definition(JsonObject spec)
    {
        if (spec["names"] is JsonObject names && names["kind"].AsText() is { Length: > 0 } kind)
        {
            names.SetDefault("singular", kind.ToLowerInvariant());
            names.SetDefault("listKind", kind + "List");
        }

        spec.SetDefault("conversion", new JsonObject());
        if (spec["conversion"] is JsonObject conversion && conversion["strategy"].AsText() is null or "")
        {
            spec.Ensure("conversion")["strategy"] = "None";
        }
    }
}
