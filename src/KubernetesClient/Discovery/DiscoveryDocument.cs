using System.Text.Json.Nodes;

namespace Octavo.KubernetesClient.Discovery;

/// <summary>Reads what <c>/apis</c> and <c>/apis/GROUP/VERSION</c> answer.</summary>
internal static class DiscoveryDocument
{
    /// <summary>Asks for everything in one document; servers before 1.27 answer the plain list of groups instead.</summary>
    public const string Accept =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
        + "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    public static bool IsAggregated(JsonNode? document) => (string?)document?["kind"] == "APIGroupDiscoveryList";

    /// <summary>All groups of an aggregated document.</summary>
    public static IEnumerable<ServedVersion> ReadAggregated(JsonNode? document)
    {
        foreach (var group in Items(document, "items"))
        {
            var name = (string?)group["metadata"]?["name"];
            foreach (var version in Items(group, "versions"))
            {
                var groupVersion = string.IsNullOrEmpty(name) ? $"{version["version"]}" : $"{name}/{version["version"]}";
                var kinds = Items(version, "resources")
                    .Where(resource => resource["responseKind"]?["kind"] is not null)
                    .Select(resource => new ServedKind((string)resource["responseKind"]!["kind"]!, (string)resource["resource"]!, (string?)resource["scope"] == "Namespaced"));
                yield return new ServedVersion(groupVersion, [.. kinds]) { IsStale = (string?)version["freshness"] == "Stale" };
            }
        }
    }

    /// <summary>The versions of a plain list of groups.</summary>
    public static IEnumerable<string> ReadGroupVersions(JsonNode? document) =>
        from grouped in Items(document, "groups")
        from version in Items(grouped, "versions")
        select (string)version["groupVersion"]!;

    /// <summary>The kinds of a plain list of resources, without subresources: those are listed as "pods/status" and share or change the kind.</summary>
    public static IReadOnlyList<ServedKind> ReadResources(JsonNode? document) =>
    [
        .. Items(document, "resources")
            .Where(resource => resource["name"] is not null && resource["kind"] is not null)
            .Select(resource => new ServedKind((string)resource["kind"]!, (string)resource["name"]!, (bool?)resource["namespaced"] ?? false))
            .Where(resource => !resource.Plural.Contains('/', StringComparison.Ordinal)),
    ];

    private static IEnumerable<JsonNode> Items(JsonNode? parent, string name) => (parent?[name] as JsonArray ?? []).OfType<JsonNode>();
}
