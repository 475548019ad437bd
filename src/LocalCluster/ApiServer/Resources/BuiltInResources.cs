using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Resources;

/// <summary>Reads the built-in resources from the aggregated discovery documents that are embedded in this assembly.</summary>
internal static class BuiltInResources
{
    private static readonly ScalePaths WorkloadScale = new(".spec.replicas", ".status.replicas", ".spec.selector");

    public static IReadOnlyList<ResourceDefinition> Load()
    {
        var definitions = new List<ResourceDefinition>();
        foreach (var name in new[] { "OpenApi/discovery/api.aggregated-v2.json", "OpenApi/discovery/apis.aggregated-v2.json" })
        {
            using var stream = typeof(BuiltInResources).Assembly.GetManifestResourceStream(name)!;
            foreach (var group in JsonNode.Parse(stream)!["items"]!.AsArray())
            {
                var groupName = group!["metadata"]?["name"]?.GetValue<string>() ?? "";
                foreach (var version in group["versions"]!.AsArray())
                {
                    var versionName = version!["version"]!.GetValue<string>();
                    definitions.AddRange(version["resources"]!.AsArray().Select(r => Read(groupName, versionName, r!)));
                }
            }
        }

        return definitions;
    }

    private static ResourceDefinition Read(string group, string version, JsonNode resource)
    {
        var plural = resource["resource"]!.GetValue<string>();
        var kind = resource["responseKind"]!["kind"]!.GetValue<string>();
        var subresources = (resource["subresources"]?.AsArray() ?? []).Select(s => new SubresourceDefinition(
            s!["subresource"]!.GetValue<string>(),
            s["responseKind"]!["group"]!.GetValue<string>(),
            s["responseKind"]!["version"]!.GetValue<string>(),
            s["responseKind"]!["kind"]!.GetValue<string>(),
            Strings(s["verbs"]))).ToList();

        // Events have two names for one collection; what is stored is the core form.
        var storageGroup = group == "events.k8s.io" ? "" : group;
        var storageVersion = (group, plural) switch
        {
            ("events.k8s.io", _) => "v1",
            ("autoscaling", _) => "autoscaling/v2",
            ("", _) => version,
            _ => $"{group}/{version}",
        };

        return new ResourceDefinition
        {
            Group = group,
            Version = version,
            Kind = kind,
            ListKind = kind + "List",
            Plural = plural,
            Singular = resource["singularResource"]!.GetValue<string>(),
            Namespaced = resource["scope"]!.GetValue<string>() == "Namespaced",
            Verbs = Strings(resource["verbs"]),
            ShortNames = Strings(resource["shortNames"]),
            Categories = Strings(resource["categories"]),
            Subresources = subresources,
            Scale = subresources.Exists(s => s.Name == "scale") ? WorkloadScale : null,
            StorageApiVersion = storageVersion,
            Storage = new GroupResource(storageGroup, plural),
            DeprecationWarning = (group, plural) switch
            {
                ("", "endpoints") => "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
                ("", "componentstatuses") => "v1 ComponentStatus is deprecated in v1.19+",
                _ => null,
            },
            SelectableFields = SelectableFieldsOf(group, plural),
        };
    }

    private static string[] SelectableFieldsOf(string group, string plural) => (group, plural) switch
    {
        ("", "pods") =>
            ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
             "status.podIP", "status.podIPs", "status.nominatedNodeName"],
        ("", "nodes") => ["spec.unschedulable"],
        ("", "namespaces") => ["status.phase"],
        ("", "secrets") => ["type"],
        ("", "services") => ["spec.clusterIP", "spec.type"],
        ("", "replicationcontrollers") or ("apps", "replicasets") => ["status.replicas"],
        ("batch", "jobs") => ["status.successful"],
        ("certificates.k8s.io", "certificatesigningrequests") => ["spec.signerName"],
        ("", "events") =>
            ["involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
             "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"],
        ("events.k8s.io", "events") =>
            ["regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion",
             "regarding.fieldPath", "reason", "reportingController", "type"],
        _ => [],
    };

    private static string[] Strings(JsonNode? list) =>
        list is JsonArray array ? [.. array.Select(v => v!.GetValue<string>())] : [];
}
