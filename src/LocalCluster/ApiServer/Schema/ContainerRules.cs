using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Rules of the parts of one container.</summary>
internal static class ContainerRules
{
    private static readonly string[] Handlers = ["exec", "httpGet", "tcpSocket", "grpc"];

    public static void Validate(JsonObject container, string path, HashSet<string> volumes, List<FieldError> errors)
    {
        Ports(container["ports"] as JsonArray ?? [], $"{path}.ports", errors);
        Environment(container["env"] as JsonArray ?? [], $"{path}.env", errors);
        Mounts(container["volumeMounts"] as JsonArray ?? [], $"{path}.volumeMounts", volumes, errors);
        Resources(container["resources"] as JsonObject ?? [], $"{path}.resources", errors);
        foreach (var probe in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
        {
            if (container[probe] is JsonObject settings)
            {
                Probe(settings, probe, $"{path}.{probe}", errors);
            }
        }
    }

    private static void Ports(JsonArray ports, string path, List<FieldError> errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count; i++)
        {
            var place = Item(path, i);
            var port = ports[i] as JsonObject ?? [];
            if (port["name"].AsText() is { Length: > 0 } name)
            {
                errors.AddRange(PortRules.NameProblems(name).Select(e => FieldError.Invalid($"{place}.name", JsonValues.Quote(name), e)));
                if (!names.Add(name))
                {
                    errors.Add(FieldError.Duplicate($"{place}.name", JsonValues.Quote(name)));
                }
            }

            if (port["containerPort"].AsWhole() is null or 0)
            {
                errors.Add(FieldError.Required($"{place}.containerPort"));
            }
            else
            {
                PortRules.Number(port["containerPort"], $"{place}.containerPort", errors);
            }

            if (port["hostPort"].AsWhole() is { } host && host != 0)
            {
                PortRules.Number(port["hostPort"], $"{place}.hostPort", errors);
            }
        }
    }

    private static void Environment(JsonArray variables, string path, List<FieldError> errors)
    {
        for (var i = 0; i < variables.Count; i++)
        {
            var place = Item(path, i);
            var name = variables[i]?["name"].AsText() ?? "";
            if (name.Length == 0)
            {
                errors.Add(FieldError.Required($"{place}.name"));
            }
            else if (name.Any(c => c is < ' ' or > '~' or '='))
            {
                errors.Add(FieldError.Invalid($"{place}.name", JsonValues.Quote(name), "a valid environment variable name must consist only of printable ASCII characters other than '='"));
            }

            if (variables[i].At("valueFrom") is JsonObject source)
            {
                if (variables[i]?["value"].AsText() is { Length: > 0 })
                {
                    errors.Add(FieldError.Invalid($"{place}.valueFrom", "\"\"", "may not be specified when `value` is not empty"));
                }

                if (source.Count != 1)
                {
                    errors.Add(FieldError.Invalid($"{place}.valueFrom", "\"\"",
                        source.Count == 0 ? "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`" : "may not have more than one field specified at a time"));
                }
            }
        }
    }

    private static void Mounts(JsonArray mounts, string path, HashSet<string> volumes, List<FieldError> errors)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < mounts.Count; i++)
        {
            var place = Item(path, i);
            var name = mounts[i]?["name"].AsText() ?? "";
            if (name.Length == 0)
            {
                errors.Add(FieldError.Required($"{place}.name"));
            }
            else if (!volumes.Contains(name))
            {
                errors.Add(FieldError.NotFound($"{place}.name", JsonValues.Quote(name)));
            }

            var target = mounts[i]?["mountPath"].AsText() ?? "";
            if (target.Length == 0)
            {
                errors.Add(FieldError.Required($"{place}.mountPath"));
            }
            else if (!paths.Add(target))
            {
                errors.Add(FieldError.Invalid($"{place}.mountPath", JsonValues.Quote(target), "must be unique"));
            }
        }
    }

    private static void Resources(JsonObject resources, string path, List<FieldError> errors)
    {
        var limits = resources["limits"] as JsonObject ?? [];
        foreach (var (name, node) in resources["requests"] as JsonObject ?? [])
        {
            if (limits[name].AsText() is { } limit && ResourceQuantity.TryParse(limit, out var maximum, out _) && ResourceQuantity.TryParse(node.AsText() ?? "", out var asked, out _) && asked.CompareTo(maximum) > 0)
            {
                errors.Add(FieldError.Invalid($"{path}.requests", node.Print(), $"must be less than or equal to {name} limit of {limit}"));
            }
        }

        foreach (var part in new[] { "limits", "requests" })
        {
            foreach (var (name, node) in resources[part] as JsonObject ?? [])
            {
                if (ResourceQuantity.TryParse(node.AsText() ?? "", out var amount, out _) && amount.Nano.Sign < 0)
                {
                    errors.Add(FieldError.Invalid($"{path}.{part}[{name}]", node.Print(), "must be greater than or equal to 0"));
                }
            }
        }
    }

    private static void Probe(JsonObject probe, string name, string path, List<FieldError> errors)
    {
        var handlers = Handlers.Count(probe.ContainsKey);
        if (handlers == 0)
        {
            errors.Add(FieldError.Required(path, "must specify a handler type"));
        }
        else if (handlers > 1)
        {
            errors.Add(FieldError.Forbidden($"{path}.{Handlers.Last(probe.ContainsKey)}", "may not specify more than 1 handler type"));
        }

        foreach (var field in new[] { "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold" })
        {
            if (probe[field].AsWhole() is { } value && value < 0)
            {
                errors.Add(FieldError.Invalid($"{path}.{field}", value.ToString(CultureInfo.InvariantCulture), "must be greater than or equal to 0"));
            }
        }

        if (name is "livenessProbe" or "startupProbe" && probe["successThreshold"].AsWhole() is { } threshold && threshold != 1)
        {
            errors.Add(FieldError.Invalid($"{path}.successThreshold", threshold.ToString(CultureInfo.InvariantCulture), "must be 1"));
        }

        if (probe["httpGet"] is JsonObject get)
        {
            PortRules.NumberOrName(get["port"], $"{path}.httpGet.port", errors);
        }

        if (probe["tcpSocket"] is JsonObject socket)
        {
            PortRules.NumberOrName(socket["port"], $"{path}.tcpSocket.port", errors);
        }
    }

    private static string Item(string path, int index) => path + "[" + index.ToString(CultureInfo.InvariantCulture) + "]";
}
