using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>Services get a cluster IP and, where their type has them, node ports; a put that leaves them out keeps them.</summary>
internal sealed class ServiceStrategy(ServiceAllocator allocator) : ResourceStrategy
{
    public override bool ReturnsDeletedObject => true;

    public override void PrepareForCreate(ResourceDefinition resource, JsonObject value) =>
        value["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };

    public override void PrepareForUpdate(ResourceDefinition resource, JsonObject value, JsonObject live)
    {
        if (value["spec"] is not JsonObject spec || live["spec"] is not JsonObject old || IsExternalName(spec) || IsExternalName(old))
        {
            return;
        }

        foreach (var name in (string[])["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
        {
            if (!spec.ContainsKey(name) && old[name] is { } kept && (name != "clusterIPs" || spec["clusterIP"]?.ToString() == old["clusterIP"]?.ToString()))
            {
                spec[name] = kept.DeepClone();
            }
        }

        if (spec["clusterIP"] is { } ip && spec["clusterIPs"] is JsonArray { Count: > 0 } all && all[0]?.ToString() != ip.ToString()
            && all[0]?.ToString() == old["clusterIP"]?.ToString())
        {
            // Only the singular was changed: it leads.
            spec["clusterIPs"] = new JsonArray(ip.DeepClone());
        }

        if (!HasNodePorts(spec))
        {
            return;
        }

        foreach (var port in spec["ports"] as JsonArray ?? [])
        {
            if (port is JsonObject map && map["nodePort"] is null)
            {
                var same = (old["ports"] as JsonArray ?? []).FirstOrDefault(p =>
                    p?["port"]?.ToString() == map["port"]?.ToString() && p?["protocol"]?.ToString() == map["protocol"]?.ToString());
                if (same?["nodePort"] is { } kept)
                {
                    map["nodePort"] = kept.DeepClone();
                }
            }
        }
    }

    public override void Allocate(JsonObject value, JsonObject? live)
    {
        if (value["spec"] is not JsonObject spec)
        {
            return;
        }

        var name = value["metadata"]?["name"]?.ToString() ?? "";
        if (!IsExternalName(spec))
        {
            AllocateAddress(name, spec);
            spec["ipFamilies"] ??= new JsonArray("IPv4");
            spec["ipFamilyPolicy"] ??= "SingleStack";
        }

        if (HasNodePorts(spec))
        {
            AllocatePorts(name, spec, live?["spec"] as JsonObject);
        }
    }

    public override void Release(JsonObject value)
    {
        if (value["spec"]?["clusterIP"]?.ToString() is { } address && address != "None")
        {
            allocator.ReturnAddress(address);
        }

        foreach (var port in value["spec"]?["ports"] as JsonArray ?? [])
        {
            if (port?["nodePort"].AsWhole() is { } nodePort)
            {
                allocator.ReturnPort((int)nodePort);
            }
        }
    }

    private void AllocateAddress(string name, JsonObject spec)
    {
        var address = spec["clusterIP"]?.ToString() ?? "";
        if (address.Length == 0)
        {
            address = allocator.TakeAddress() ?? throw ApiErrors.Internal("failed to allocate a serviceIP: range is full");
            spec["clusterIP"] = address;
        }
        else if (spec["clusterIPs"] is null && address != "None")
        {
            if (!allocator.Contains(address))
            {
                throw ApiErrors.Invalid("", "Service", name, [new StatusCause("FieldValueInvalid",
                    $"Invalid value: [\"{address}\"]: failed to allocate IP {address}: the provided IP is not in the valid range", "spec.clusterIPs")]);
            }

            if (!allocator.TryTakeAddress(address))
            {
                throw ApiErrors.Invalid("", "Service", name, [new StatusCause("FieldValueInvalid",
                    $"Invalid value: [\"{address}\"]: failed to allocate IP {address}: provided IP is already allocated", "spec.clusterIPs")]);
            }
        }

        spec["clusterIPs"] ??= new JsonArray(JsonValue.Create(address));
    }

    private void AllocatePorts(string name, JsonObject spec, JsonObject? old)
    {
        var held = (old?["ports"] as JsonArray ?? []).Select(p => p?["nodePort"]?.ToString()).ToHashSet(StringComparer.Ordinal);
        var index = 0;
        foreach (var port in spec["ports"] as JsonArray ?? [])
        {
            if (port is JsonObject map)
            {
                if (map["nodePort"].AsWhole() is not { } asked || asked == 0)
                {
                    map["nodePort"] = allocator.TakePort();
                }
                else if (!held.Contains(asked.ToString(System.Globalization.CultureInfo.InvariantCulture)) && !allocator.TryTakePort((int)asked))
                {
                    throw ApiErrors.Invalid("", "Service", name, [new StatusCause("FieldValueInvalid",
                        $"Invalid value: {asked}: provided port is already allocated", $"spec.ports[{index}].nodePort")]);
                }
            }

            index++;
        }
    }

    private static bool IsExternalName(JsonObject spec) => spec["type"]?.ToString() == "ExternalName";

    private static bool HasNodePorts(JsonObject spec) => spec["type"]?.ToString() is "NodePort" or "LoadBalancer";
}
