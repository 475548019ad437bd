using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Strategies;

namespace Octavo.LocalCluster.ApiServer;

/// <summary>The objects that every cluster has from its start.</summary>
internal static class Bootstrap
{
    public static void Fill(ApiServerCore core)
    {
        var namespaces = core.Registry.Find("", "v1", "namespaces")!;
        var strategy = new NamespaceStrategy();
        foreach (var name in (string[])["default", "kube-system", "kube-public", "kube-node-lease"])
        {
            var value = New(core, "v1", "Namespace", name);
            strategy.PrepareForCreate(namespaces, value);
            core.Store.TryCreate(namespaces.Storage, "", name, value);
        }

        foreach (var (name, priority, description) in new[]
        {
            ("system-node-critical", 2000001000L, "Used for system critical pods that must not be moved from their current node."),
            ("system-cluster-critical", 2000000000L, "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary."),
        })
        {
            var value = New(core, "scheduling.k8s.io/v1", "PriorityClass", name);
            value["metadata"]!["generation"] = 1;
            value["value"] = priority;
            value["description"] = description;
            value["preemptionPolicy"] = "PreemptLowerPriority";
            core.Store.TryCreate(new GroupResource("scheduling.k8s.io", "priorityclasses"), "", name, value);
        }

        var admin = New(core, "rbac.authorization.k8s.io/v1", "ClusterRole", "cluster-admin");
        admin["rules"] = new JsonArray(
            new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") },
            new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") });
        core.Store.TryCreate(new GroupResource("rbac.authorization.k8s.io", "clusterroles"), "", "cluster-admin", admin);

        // Revisions of the start are history that nobody can have seen.
        core.Store.Compact();
    }

    private static JsonObject New(ApiServerCore core, string apiVersion, string kind, string name) => new()
    {
        ["kind"] = kind,
        ["apiVersion"] = apiVersion,
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["uid"] = Guid.NewGuid().ToString(),
            ["creationTimestamp"] = core.Timestamp(),
        },
    };
}
