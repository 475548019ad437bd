using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Admission.Webhooks;

/// <summary>Which requests a webhook wants to see. Pure.</summary>
internal sealed record WebhookRule(IReadOnlyList<string> Operations, IReadOnlyList<string> Groups, IReadOnlyList<string> Versions, IReadOnlyList<string> Resources, string Scope)
{
    public static WebhookRule Read(JsonObject rule) => new(
        Texts(rule["operations"]), Texts(rule["apiGroups"]), Texts(rule["apiVersions"]), Texts(rule["resources"]), rule["scope"]?.ToString() ?? "*");

    public bool Matches(string operation, ResourceDefinition resource, string subresource) =>
        Has(Operations, operation)
        && Has(Groups, resource.Group)
        && Has(Versions, resource.Version)
        && Resources.Any(r => MatchesResource(r, resource.Plural, subresource))
        && Scope switch
        {
            // A namespace itself is cluster-scoped.
            "Namespaced" => resource.Namespaced,
            "Cluster" => !resource.Namespaced,
            _ => true,
        };

    /// <summary>`pods`, `pods/status`, `pods/*` (pods and all their subresources), `*/status`, `*` (everything but subresources) and `*/*`.</summary>
    private static bool MatchesResource(string pattern, string plural, string subresource)
    {
        var slash = pattern.IndexOf('/', StringComparison.Ordinal);
        var (wantedPlural, wantedSubresource) = slash < 0 ? (pattern, "") : (pattern[..slash], pattern[(slash + 1)..]);
        return (wantedPlural == "*" || wantedPlural == plural) && (wantedSubresource == "*" || wantedSubresource == subresource);
    }

    private static bool Has(IReadOnlyList<string> wanted, string value) => wanted.Any(w => w == "*" || w == value);

    private static List<string> Texts(JsonNode? list) => [.. (list as JsonArray ?? []).Select(t => t!.ToString())];
}
