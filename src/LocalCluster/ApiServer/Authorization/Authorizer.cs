using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Authentication;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Authorization;

/// <summary>Decides from Role, ClusterRole and their bindings, or lets every authenticated user do everything.</summary>
internal sealed class Authorizer(ObjectStore store, AuthorizationMode mode)
{
    private const string Rbac = "rbac.authorization.k8s.io";
    private static readonly GroupResource ClusterRoles = new(Rbac, "clusterroles");
    private static readonly GroupResource ClusterRoleBindings = new(Rbac, "clusterrolebindings");
    private static readonly GroupResource Roles = new(Rbac, "roles");
    private static readonly GroupResource RoleBindings = new(Rbac, "rolebindings");
    private static readonly string[] PublicPaths = ["/healthz", "/livez", "/readyz", "/version"];

    public bool IsAllowed(AccessQuery query)
    {
        if (query.Path is { } path && query.Verb == "get" && IsPublic(path))
        {
            return true;
        }

        if (query.User.Groups.Contains("system:masters"))
        {
            return true;
        }

        if (mode == AuthorizationMode.AlwaysAllow)
        {
            return query.User.Groups.Contains("system:authenticated");
        }

        return RulesFor(query.User, query.Namespace).Any(rule => Allows(rule, query)) || IsDiscovery(query);
    }

    /// <summary>The rules that a user has in a namespace; the empty one means cluster-wide rules only.</summary>
    public IEnumerable<JsonObject> RulesFor(UserInfo user, string ns)
    {
        foreach (var binding in store.Snapshot(ClusterRoleBindings).Objects.Values)
        {
            if (Binds(binding.Value, user))
            {
                foreach (var rule in Rules(binding.Value["roleRef"], ""))
                {
                    yield return rule;
                }
            }
        }

        if (ns.Length == 0)
        {
            yield break;
        }

        foreach (var binding in store.Snapshot(RoleBindings).In(ns))
        {
            if (Binds(binding.Value, user))
            {
                foreach (var rule in Rules(binding.Value["roleRef"], ns))
                {
                    yield return rule;
                }
            }
        }
    }

    /// <exception cref="ApiException">403.</exception>
    public void Check(AccessQuery query)
    {
        if (IsAllowed(query))
        {
            return;
        }

        var user = query.User.Name;
        if (query.Path is { } path)
        {
            throw new ApiException(403, $"forbidden: User \"{user}\" cannot {query.Verb} path \"{path}\"", "Forbidden", []);
        }

        var where = query.Namespace.Length == 0 ? "at the cluster scope" : $"in the namespace \"{query.Namespace}\"";
        var plural = query.Resource;
        throw ApiErrors.Forbidden(query.Group, plural.Split('/')[0], query.Name,
            $"User \"{user}\" cannot {query.Verb} resource \"{plural}\" in API group \"{query.Group}\" {where}");
    }

    private static bool IsPublic(string path) =>
        Array.Exists(PublicPaths, p => path == p || path.StartsWith(p + "/", StringComparison.Ordinal));

    // Every authenticated user may see what there is.
    private static bool IsDiscovery(AccessQuery query)
    {
        if (!query.User.Groups.Contains("system:authenticated"))
        {
            return false;
        }

        if (query.Path is { } path)
        {
            return query.Verb == "get" && (path is "/api" or "/apis" or "/openapi" || path.StartsWith("/api/", StringComparison.Ordinal)
                || path.StartsWith("/apis/", StringComparison.Ordinal) || path.StartsWith("/openapi/", StringComparison.Ordinal));
        }

        return query is { Verb: "create", Group: "authorization.k8s.io", Resource: "selfsubjectaccessreviews" or "selfsubjectrulesreviews" }
            or { Verb: "create", Group: "authentication.k8s.io", Resource: "selfsubjectreviews" };
    }

    private IEnumerable<JsonObject> Rules(JsonNode? roleRef, string ns)
    {
        var name = roleRef?["name"]?.ToString() ?? "";
        var role = roleRef?["kind"]?.ToString() == "Role" ? store.Get(Roles, ns, name) : store.Get(ClusterRoles, "", name);
        return (role?.Value["rules"] as JsonArray ?? []).OfType<JsonObject>();
    }

    private static bool Binds(JsonObject binding, UserInfo user)
    {
        var ownNamespace = binding["metadata"]?["namespace"]?.ToString() ?? "";
        foreach (var subject in binding["subjects"] as JsonArray ?? [])
        {
            var name = subject?["name"]?.ToString() ?? "";
            var matches = subject?["kind"]?.ToString() switch
            {
                "User" => name == user.Name,
                "Group" => user.Groups.Contains(name),
                "ServiceAccount" => user.Name == $"system:serviceaccount:{subject["namespace"]?.ToString() ?? ownNamespace}:{name}",
                _ => false,
            };
            if (matches)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Allows(JsonObject rule, AccessQuery query)
    {
        if (!Lists(rule["verbs"], query.Verb))
        {
            return false;
        }

        if (query.Path is { } path)
        {
            return Strings(rule["nonResourceURLs"]).Any(url =>
                url == "*" || url == path || (url.EndsWith('*') && path.StartsWith(url[..^1], StringComparison.Ordinal)));
        }

        var names = Strings(rule["resourceNames"]).ToList();
        return Lists(rule["apiGroups"], query.Group) && ListsResource(rule["resources"], query.Resource)
            && (names.Count == 0 || names.Contains(query.Name));
    }

    private static bool ListsResource(JsonNode? resources, string wanted)
    {
        var slash = wanted.IndexOf('/', StringComparison.Ordinal);
        return Strings(resources).Any(r => r == "*" || r == wanted || (slash >= 0 && r == "*" + wanted[slash..]));
    }

    private static bool Lists(JsonNode? list, string wanted) => Strings(list).Any(v => v == "*" || v == wanted);

    private static IEnumerable<string> Strings(JsonNode? list) => (list as JsonArray ?? []).Select(v => v?.ToString() ?? "");
}
