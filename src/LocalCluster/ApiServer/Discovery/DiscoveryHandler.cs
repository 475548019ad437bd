using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Discovery;

/// <summary>/api, /apis and below: which groups, versions and resources there are, in the classic and the aggregated form.</summary>
internal sealed class DiscoveryHandler(ResourceRegistry registry)
{
    private const string Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /// <returns>False when the path is no discovery path of something that exists.</returns>
    public async Task<bool> TryHandleAsync(HttpContext http, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var body = parts switch
        {
            ["api"] or ["apis"] when WantsAggregated(http) => AggregatedDiscovery.Build(registry, core: parts[0] == "api"),
            ["api"] => Versions(http),
            ["apis"] => GroupList(),
            ["api", var version] => ResourceList("", version),
            ["apis", var group] => registry.HasGroup(group) && group.Length > 0 ? Group(group, withKind: true) : null,
            ["apis", var group, var version] => ResourceList(group, version),
            _ => null,
        };
        if (body is null)
        {
            return false;
        }

        var type = body["kind"]!.GetValue<string>() == "APIGroupDiscoveryList" ? Aggregated : "application/json";
        await JsonAnswer.WriteAsync(http, 200, body, type, []);
        return true;
    }

    private static bool WantsAggregated(HttpContext http)
    {
        var header = http.Request.Headers.Accept.ToString();
        foreach (var (type, parameters) in Negotiation.Clauses(header))
        {
            if (type == "application/json" && parameters.GetValueOrDefault("as") == "APIGroupDiscoveryList")
            {
                if (parameters.GetValueOrDefault("g") == "apidiscovery.k8s.io" && parameters.GetValueOrDefault("v") == "v2")
                {
                    return true;
                }
            }
            else if (type is "application/json" or "*/*")
            {
                return false;
            }
        }

        return false;
    }

    private static JsonObject Versions(HttpContext http) => new()
    {
        ["kind"] = "APIVersions",
        ["versions"] = new JsonArray("v1"),
        ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject
        {
            ["clientCIDR"] = "0.0.0.0/0",
            ["serverAddress"] = http.Request.Host.Value,
        }),
    };

    private JsonObject GroupList()
    {
        var names = registry.All.Select(d => d.Group).Where(g => g.Length > 0).Distinct();
        return new JsonObject
        {
            ["kind"] = "APIGroupList",
            ["apiVersion"] = "v1",
            ["groups"] = new JsonArray([.. names.Select(g => (JsonNode)Group(g, withKind: false))]),
        };
    }

    private JsonObject Group(string group, bool withKind)
    {
        var versions = VersionOrder.Of(registry, group)
            .Select(v => (JsonNode)new JsonObject { ["groupVersion"] = $"{group}/{v}", ["version"] = v }).ToList();
        var result = new JsonObject();
        if (withKind)
        {
            result["kind"] = "APIGroup";
            result["apiVersion"] = "v1";
        }

        result["name"] = group;
        result["preferredVersion"] = versions[0].DeepClone();
        result["versions"] = new JsonArray([.. versions]);
        return result;
    }

    private JsonObject? ResourceList(string group, string version)
    {
        var resources = registry.All.Where(d => d.Group == group && d.Version == version).ToList();
        if (resources.Count == 0)
        {
            return null;
        }

        var list = new JsonArray();
        foreach (var resource in resources)
        {
            list.Add((JsonNode)Entry(resource));
            foreach (var subresource in resource.Subresources)
            {
                list.Add((JsonNode)Entry(resource, subresource));
            }
        }

        return new JsonObject
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = resources[0].ApiVersion,
            ["resources"] = list,
        };
    }

    private static JsonObject Entry(ResourceDefinition resource)
    {
        var entry = new JsonObject
        {
            ["name"] = resource.Plural,
            ["singularName"] = resource.Singular,
            ["namespaced"] = resource.Namespaced,
            ["kind"] = resource.Kind,
            ["verbs"] = Strings(resource.Verbs),
        };
        if (resource.ShortNames.Count > 0)
        {
            entry["shortNames"] = Strings(resource.ShortNames);
        }

        if (resource.Categories.Count > 0)
        {
            entry["categories"] = Strings(resource.Categories);
        }

        return entry;
    }

    private static JsonObject Entry(ResourceDefinition resource, SubresourceDefinition subresource)
    {
        var entry = new JsonObject
        {
            ["name"] = $"{resource.Plural}/{subresource.Name}",
            ["singularName"] = "",
            ["namespaced"] = resource.Namespaced,
        };
        if (subresource.Version.Length > 0)
        {
            entry["group"] = subresource.Group;
            entry["version"] = subresource.Version;
        }

        entry["kind"] = subresource.Kind;
        entry["verbs"] = Strings(subresource.Verbs);
        return entry;
    }

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
