using System.Text;

namespace Octavo.Operator.Permissions;

/// <summary>Roles as text: one rule a resource, with the reason above it.</summary>
internal static class RoleManifest
{
    private const string Name = "octavo-operator";

    private static readonly string[] OrderOfVerbs = ["get", "list", "watch", "create", "update", "patch", "delete"];

    /// <summary>For an operator of all namespaces.</summary>
    public static string ClusterRole(IReadOnlyList<Permission> permissions) => Render(
        "What the operator does, and no more. It reads no Secret: references to Secrets are resolved by the kubelet.", "ClusterRole", Name, null, permissions);

    /// <summary>For an operator of some namespaces: what a Role can give.</summary>
    public static string Role(IReadOnlyList<Permission> permissions, string namespaceName) => Render(
        "What the operator does in one namespace, and no more. It reads no Secret: references to Secrets are resolved by the kubelet.",
        "Role",
        Name,
        namespaceName,
        Of(permissions, PermissionScope.Namespace));

    /// <summary>What an operator of some namespaces does without unless an administrator gives it; null where there is no such thing.</summary>
    public static string? ClusterReads(IReadOnlyList<Permission> permissions) => Of(permissions, PermissionScope.Cluster) is { Count: > 0 } rows
        ? Render(
            "For an operator of some namespaces, if an administrator agrees: without these the operator says in status and in /readyz?verbose what it cannot do.",
            "ClusterRole",
            $"{Name}-cluster-reads",
            null,
            rows)
        : null;

    private static IReadOnlyList<Permission> Of(IReadOnlyList<Permission> permissions, PermissionScope scope) => [.. permissions.Where(p => p.Scope == scope)];

    private static string Render(string comment, string kind, string name, string? namespaceName, IReadOnlyList<Permission> permissions)
    {
        var yaml = new StringBuilder("# Generated from the features' permissions by `make manifests`. Do not edit.\n")
            .Append("# ").Append(comment).Append('\n')
            .Append("apiVersion: rbac.authorization.k8s.io/v1\nkind: ").Append(kind).Append("\nmetadata:\n  name: ").Append(name).Append('\n');
        if (namespaceName is not null)
        {
            yaml.Append("  namespace: ").Append(namespaceName).Append('\n');
        }

        yaml.Append("rules:\n");
        foreach (var rule in permissions.GroupBy(p => (p.Group, p.Resource)).OrderBy(r => r.Key.Group, StringComparer.Ordinal).ThenBy(r => r.Key.Resource, StringComparer.Ordinal))
        {
            foreach (var why in rule.Select(p => p.Why).Distinct(StringComparer.Ordinal))
            {
                yaml.Append("  # ").Append(why).Append('\n');
            }

            var verbs = rule.SelectMany(p => p.Verbs.Split(' ')).Distinct(StringComparer.Ordinal).OrderBy(Order);
            yaml.Append("  - apiGroups: [").Append(rule.Key.Group.Length == 0 ? "\"\"" : rule.Key.Group).Append("]\n")
                .Append("    resources: [").Append(rule.Key.Resource).Append("]\n")
                .Append("    verbs: [").AppendJoin(", ", verbs).Append("]\n");
        }

        return yaml.ToString();
    }

    private static int Order(string verb) =>
        Array.IndexOf(OrderOfVerbs, verb) is >= 0 and var index ? index : throw new ArgumentException($"'{verb}' is no verb that a permission may ask for", nameof(verb));
}
