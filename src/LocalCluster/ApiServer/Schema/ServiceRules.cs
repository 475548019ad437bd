using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Rules of services.</summary>
internal static class ServiceRules
{
    public static void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        var spec = obj["spec"] as JsonObject ?? [];
        var type = spec["type"].AsText();
        var headless = spec["clusterIP"].AsText() == "None";
        var ports = spec["ports"] as JsonArray ?? [];
        if (type == "ExternalName")
        {
            if (spec["externalName"].AsText() is null or "")
            {
                errors.Add(FieldError.Required("spec.externalName"));
            }
        }
        else if (ports.Count == 0 && !headless)
        {
            errors.Add(FieldError.Required("spec.ports"));
        }

        if (headless && type is "NodePort" or "LoadBalancer" && headless)
        {
            errors.Add(FieldError.Invalid("spec.clusterIPs[0]", "\"None\"", $"may not be set to 'None' for {type} services"));
        }

        Ports(ports, errors);
        errors.AddRange(MetadataValidator.Labels(spec["selector"], "spec.selector"));
        if (spec["sessionAffinity"].AsText() is { } affinity and not ("None" or "ClientIP"))
        {
            errors.Add(FieldError.NotSupported("spec.sessionAffinity", JsonValues.Quote(affinity), ["\"ClientIP\"", "\"None\""]));
        }

        if (old?["spec"] is JsonObject before)
        {
            ClusterAddress(spec, before, type, errors);
        }
    }

    private static void Ports(JsonArray ports, List<FieldError> errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var pairs = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            var path = "spec.ports[" + i.ToString(CultureInfo.InvariantCulture) + "]";
            var port = ports[i] as JsonObject ?? [];
            var name = port["name"].AsText() ?? "";
            if (name.Length == 0 && ports.Count > 1)
            {
                errors.Add(FieldError.Required($"{path}.name"));
            }
            else if (name.Length > 0)
            {
                errors.AddRange(NameRules.LabelErrors(name).Select(e => FieldError.Invalid($"{path}.name", JsonValues.Quote(name), e)));
                if (!names.Add(name))
                {
                    errors.Add(FieldError.Duplicate($"{path}.name", JsonValues.Quote(name)));
                }
            }

            PortRules.Number(port["port"], $"{path}.port", errors);
            PortRules.NumberOrName(port["targetPort"], $"{path}.targetPort", errors);
            if (!pairs.Add($"{port["port"].Print()}/{port["protocol"].AsText()}"))
            {
                errors.Add(FieldError.Duplicate(path, new JsonObject { ["port"] = port["port"]?.DeepClone(), ["protocol"] = port["protocol"]?.DeepClone() }.Print()));
            }
        }
    }

    private static void ClusterAddress(JsonObject spec, JsonObject before, string? type, List<FieldError> errors)
    {
        if (type == "ExternalName" || before["type"].AsText() == "ExternalName" || before["clusterIP"].AsText() is not { Length: > 0 } old)
        {
            return;
        }

        var wanted = spec["clusterIP"].AsText() is { Length: > 0 } one ? one : (spec["clusterIPs"] as JsonArray)?.FirstOrDefault().AsText();
        if (wanted is { Length: > 0 } && wanted != old)
        {
            errors.Add(FieldError.Invalid("spec.clusterIPs[0]", new JsonArray(wanted).Print(), "may not change once set"));
        }
    }
}
