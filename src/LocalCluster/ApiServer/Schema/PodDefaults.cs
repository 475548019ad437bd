using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Defaults of pods and pod templates.</summary>
internal static class PodDefaults
{
    private const int DefaultFileMode = 420;

    private static readonly string[] ContainerLists = ["initContainers", "containers", "ephemeralContainers"];
    private static readonly string[] VolumesWithMode = ["configMap", "secret", "projected", "downwardAPI"];

    /// <summary>A pod of its own takes more defaults than a template: service links, and requests from limits.</summary>
    public static void ApplyToPod(JsonObject spec)
    {
        ApplyToSpec(spec);
        spec.SetDefault("enableServiceLinks", true);
        foreach (var resources in Containers(spec).Select(c => c["resources"]).OfType<JsonObject>())
        {
            foreach (var (name, limit) in resources["limits"] as JsonObject ?? [])
            {
                resources.Ensure("requests").SetDefault(name, limit!.DeepClone());
            }
        }
    }

    public static void ApplyToTemplate(JsonNode? template)
    {
        if (template?["spec"] is JsonObject spec)
        {
            ApplyToSpec(spec);
        }
    }

    private static IEnumerable<JsonObject> Containers(JsonObject spec) => ContainerLists.SelectMany(l => spec[l] as JsonArray ?? []).OfType<JsonObject>();

    private static void ApplyToSpec(JsonObject spec)
    {
        spec.SetDefault("restartPolicy", "Always");
        spec.SetDefault("terminationGracePeriodSeconds", 30);
        spec.SetDefault("dnsPolicy", "ClusterFirst");
        spec.SetDefault("securityContext", new JsonObject());
        spec.SetDefault("schedulerName", "default-scheduler");
        foreach (var container in Containers(spec))
        {
            Container(container, spec["hostNetwork"].IsTrue());
        }

        foreach (var volume in (spec["volumes"] as JsonArray ?? []).OfType<JsonObject>())
        {
            Volume(volume);
        }

        // Both names of the service account are kept, as the server's conversion does.
        if (spec["serviceAccountName"] is { } account)
        {
            spec["serviceAccount"] = account.DeepClone();
        }
        else if (spec["serviceAccount"] is { } old)
        {
            spec["serviceAccountName"] = old.DeepClone();
        }
    }

    private static void Container(JsonObject container, bool hostNetwork)
    {
        container.SetDefault("terminationMessagePath", "/dev/termination-log");
        container.SetDefault("terminationMessagePolicy", "File");
        container.SetDefault("imagePullPolicy", IsLatest(container["image"].AsText() ?? "") ? "Always" : "IfNotPresent");
        foreach (var probe in new[] { "livenessProbe", "readinessProbe", "startupProbe" }.Select(p => container[p]).OfType<JsonObject>())
        {
            probe.SetDefault("timeoutSeconds", 1);
            probe.SetDefault("periodSeconds", 10);
            probe.SetDefault("successThreshold", 1);
            probe.SetDefault("failureThreshold", 3);
            HttpGet(probe);
            if (probe["grpc"] is JsonObject grpc)
            {
                grpc.SetDefault("service", "");
            }
        }

        foreach (var hook in new[] { "postStart", "preStop" }.Select(h => container.At("lifecycle", h)).OfType<JsonObject>())
        {
            HttpGet(hook);
        }

        foreach (var env in container["env"] as JsonArray ?? [])
        {
            FieldReference(env.At("valueFrom", "fieldRef"));
        }

        foreach (var port in (container["ports"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (hostNetwork && (port["hostPort"].AsWhole() ?? 0) == 0)
            {
                port["hostPort"] = port["containerPort"]?.DeepClone();
            }
        }
    }

    /// <summary>Latest is what has no tag and no digest, or the tag of that name.</summary>
    private static bool IsLatest(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return false;
        }

        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name[(colon + 1)..] == "latest";
    }

    private static void HttpGet(JsonObject action)
    {
        if (action["httpGet"] is JsonObject get)
        {
            get.SetDefault("path", "/");
            get.SetDefault("scheme", "HTTP");
        }
    }

    private static void FieldReference(JsonNode? reference)
    {
        if (reference is JsonObject field)
        {
            field.SetDefault("apiVersion", "v1");
        }
    }

    private static void Volume(JsonObject volume)
    {
        if (volume.Count == 1)
        {
            volume["emptyDir"] = new JsonObject();
        }

        foreach (var source in VolumesWithMode.Select(v => volume[v]).OfType<JsonObject>())
        {
            source.SetDefault("defaultMode", DefaultFileMode);
        }

        if (volume["hostPath"] is JsonObject host)
        {
            host.SetDefault("type", "");
        }

        foreach (var item in volume.At("downwardAPI", "items") as JsonArray ?? [])
        {
            FieldReference(item.At("fieldRef"));
        }

        foreach (var source in volume.At("projected", "sources") as JsonArray ?? [])
        {
            if (source.At("serviceAccountToken") is JsonObject token)
            {
                token.SetDefault("expirationSeconds", 3600);
            }

            foreach (var item in source.At("downwardAPI", "items") as JsonArray ?? [])
            {
                FieldReference(item.At("fieldRef"));
            }
        }
    }
}
