using Octavo.KubernetesClient.Models;
using Octavo.ServingContract;

namespace Octavo.Gateway.Routing;

/// <summary>Builds the directory from Services and EndpointSlices. Pure: the order of its inputs does not matter.</summary>
internal static class ModelDirectoryBuilder
{
    /// <summary>Label of a slice: the Service whose endpoints it holds.</summary>
    public const string ServiceNameLabel = "kubernetes.io/service-name";

    /// <summary>
    /// A Service offers the names of its annotation, or else its InferenceService's name. Where several offer one name, the oldest wins
    /// (ties by namespace and name), so that nobody takes over another's model by creating a Service.
    /// </summary>
    public static ModelDirectory Build(IEnumerable<V1Service> services, IEnumerable<V1EndpointSlice> slices)
    {
        var slicesByService = slices
            .Where(s => s.Metadata.Labels?.ContainsKey(ServiceNameLabel) == true)
            .ToLookup(s => Key(s.Metadata.NamespaceProperty, s.Metadata.Labels![ServiceNameLabel]), StringComparer.Ordinal);
        var routes = services
            .Where(s => s.Metadata.Labels?.ContainsKey(ServingLabels.InferenceService) == true)
            .Select(s => BuildRoute(s, slicesByService))
            .OrderBy(r => r.CreatedAt).ThenBy(r => r.Key, StringComparer.Ordinal)
            .ToArray();

        var byName = new Dictionary<string, ModelRoute>(StringComparer.Ordinal);
        var collisions = new List<ModelCollision>();
        foreach (var route in routes)
        {
            foreach (var name in route.Names)
            {
                if (!byName.TryAdd(name, route))
                {
                    collisions.Add(new ModelCollision(name, byName[name].Key, route.Key));
                }
            }
        }

        return new ModelDirectory(byName, routes, collisions);
    }

    private static ModelRoute BuildRoute(V1Service service, ILookup<string, V1EndpointSlice> slicesByService)
    {
        var metadata = service.Metadata;
        var key = Key(metadata.NamespaceProperty, metadata.Name ?? "");
        var names = (metadata.Annotations?.GetValueOrDefault(ServingLabels.ModelNames) ?? "")
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Distinct(StringComparer.Ordinal).ToArray();
        if (names.Length == 0)
        {
            names = [metadata.Labels![ServingLabels.InferenceService]];
        }

        return new ModelRoute(key, names[0], names, metadata.CreationTimestamp ?? DateTimeOffset.MaxValue, ReadyEndpoints(slicesByService[key]));
    }

    // A dual-stack Service has a slice per family that name the same pods: one family is used, so that no replica counts twice.
    private static BackendEndpoint[] ReadyEndpoints(IEnumerable<V1EndpointSlice> slices)
    {
        var byFamily = slices.Where(s => s.AddressType is "IPv4" or "IPv6").ToLookup(s => s.AddressType, StringComparer.Ordinal);
        var chosen = byFamily["IPv4"].Any() ? byFamily["IPv4"] : byFamily["IPv6"];
        return [.. chosen.SelectMany(EndpointsOf).Distinct().Order()];
    }

    private static IEnumerable<BackendEndpoint> EndpointsOf(V1EndpointSlice slice)
    {
        var port = slice.Ports?.FirstOrDefault(p => p.Name == ServingPorts.HttpName)?.Port ?? slice.Ports?.FirstOrDefault(p => p.Port is not null)?.Port;
        if (port is null)
        {
            yield break;
        }

        foreach (var endpoint in slice.Endpoints ?? [])
        {
            // Absent means unknown, which the API asks consumers to read as ready. Consumers use the first address only.
            if (endpoint.Conditions?.Ready != false && endpoint.Addresses is [var address, ..])
            {
                yield return new BackendEndpoint(address, port.Value);
            }
        }
    }

    private static string Key(string? namespaceName, string name) => $"{namespaceName}/{name}";
}
