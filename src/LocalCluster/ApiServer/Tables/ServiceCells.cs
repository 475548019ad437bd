using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>Cells of services, endpoints and ingresses.</summary>
internal static class ServiceCells
{
    private const int ShownEndpoints = 3;

    public static bool Handles(string resource) => resource is "services" or "endpoints" or "endpointslices.discovery.k8s.io" or "ingresses.networking.k8s.io";

    public static JsonNode? Cell(string resource, string column, JsonObject value) => (resource, column) switch
    {
        ("services", "Type") => CellText.Text(value, "spec.type", "ClusterIP"),
        ("services", "Cluster-IP") => CellText.Text(value, "spec.clusterIP", CellText.None),
        ("services", "External-IP") => ExternalAddress(value),
        ("services", "Port(s)") => CellText.OrNone(CellText.List(value, "spec.ports").Select(p =>
            CellText.At(p, "nodePort") is { } nodePort ? $"{p["port"]}:{nodePort}/{p["protocol"]}" : $"{p["port"]}/{p["protocol"]}")),
        ("services", "Selector") => CellText.Selector(value, "spec.selector"),
        ("endpoints", "Endpoints") => Limited(CellText.List(value, "subsets").SelectMany(s =>
            CellText.List(s, "addresses").SelectMany(a => CellText.List(s, "ports").Select(p => $"{a["ip"]}:{p["port"]}")))),
        ("endpointslices.discovery.k8s.io", "AddressType") => CellText.Text(value, "addressType"),
        ("endpointslices.discovery.k8s.io", "Ports") => CellText.List(value, "ports").Any()
            ? Limited(CellText.List(value, "ports").Select(p => p["port"]?.ToString() ?? "*"))
            : CellText.Unset,
        ("endpointslices.discovery.k8s.io", "Endpoints") => CellText.List(value, "endpoints").Any()
            ? Limited(CellText.List(value, "endpoints").SelectMany(e => CellText.List(e, "addresses").Select(a => a.ToString())))
            : CellText.Unset,
        ("ingresses.networking.k8s.io", "Class") => CellText.Text(value, "spec.ingressClassName", CellText.None),
        ("ingresses.networking.k8s.io", "Hosts") => Hosts(value),
        ("ingresses.networking.k8s.io", "Address") => string.Join(",", CellText.List(value, "status.loadBalancer.ingress").Select(i =>
            CellText.Text(i, "ip", CellText.Text(i, "hostname")))),
        ("ingresses.networking.k8s.io", "Ports") => CellText.List(value, "spec.tls").Any() ? "80, 443" : "80",
        _ => null,
    };

    private static string Hosts(JsonObject ingress)
    {
        var hosts = CellText.List(ingress, "spec.rules").Select(r => CellText.Text(r, "host")).Where(h => h.Length > 0).ToList();
        return hosts.Count == 0 ? "*" : Limited(hosts);
    }

    private static string ExternalAddress(JsonObject service)
    {
        var external = CellText.List(service, "spec.externalIPs").Select(a => a.ToString()).ToList();
        switch (CellText.Text(service, "spec.type"))
        {
            case "ExternalName":
                return CellText.Text(service, "spec.externalName");
            case "LoadBalancer":
                var balanced = CellText.List(service, "status.loadBalancer.ingress")
                    .Select(i => CellText.Text(i, "ip", CellText.Text(i, "hostname"))).Concat(external).ToList();
                return balanced.Count == 0 ? "<pending>" : string.Join(",", balanced);
            default:
                return CellText.OrNone(external);
        }
    }

    private static string Limited(IEnumerable<string> parts)
    {
        var all = parts.ToList();
        return all.Count <= ShownEndpoints
            ? CellText.OrNone(all)
            : $"{string.Join(",", all.Take(ShownEndpoints))} + {all.Count - ShownEndpoints} more...";
    }
}
