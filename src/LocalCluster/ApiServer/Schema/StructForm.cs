using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>
/// The form in which a Go struct prints: nulls, empty lists, maps and strings of optional fields are left out, embedded structs are
/// always there, required lists are null when missing, quantities are canonical.
/// </summary>
internal static class StructForm
{
    /// <summary>Optional fields that are pointers in Go, so that an empty string or a zero says something and stays.</summary>
    private static readonly HashSet<string> Pointers = new(StringComparer.Ordinal)
    {
        "storageClassName", "ingressClassName", "volumeAttributesClassName", "loadBalancerClass", "schedulingGroup", "hostnameOverride",
        "runtimeClassName", "preemptionPolicy", "holderIdentity", "io.k8s.api.discovery.v1.EndpointPort.name",
    };

    /// <summary>Optional numbers and booleans that are plain values in Go, so that zero and false are left out.</summary>
    private static readonly HashSet<string> Plain = new(StringComparer.Ordinal)
    {
        "minReadySeconds", "paused", "hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty", "initialDelaySeconds", "nodePort", "hostPort",
        "publishNotReadyAddresses", "unschedulable", "readyReplicas", "availableReplicas", "updatedReplicas", "unavailableReplicas", "currentReplicas",
        "observedGeneration", "fullyLabeledReplicas", "succeeded", "failed", "count", "generation", "preserveUnknownFields", "priority:CustomResourceColumnDefinition",
        "deprecated", "exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "nullable", "readOnly:VolumeMount", "replicas:ReplicaSetStatus", "replicas:DeploymentStatus", "restartCount",
    };

    /// <summary>Optional fields that are printed even when they hold nothing.</summary>
    private static readonly HashSet<string> AlwaysPrinted = new(StringComparer.Ordinal)
    {
        "io.k8s.api.core.v1.Event.eventTime", "io.k8s.api.core.v1.Event.firstTimestamp", "io.k8s.api.core.v1.Event.lastTimestamp",
        "io.k8s.api.core.v1.Event.reportingComponent", "io.k8s.api.core.v1.Event.reportingInstance",
    };

    /// <summary>Changes <paramref name="obj"/> in place.</summary>
    public static void Normalise(ResourceSchema schema, JsonObject obj) => Struct(schema, obj);

    /// <summary>What a new, empty object of the kind prints: the left side when a create is compared with nothing.</summary>
    public static JsonObject Empty(ResourceSchema schema)
    {
        var obj = new JsonObject();
        Struct(schema, obj);
        return obj;
    }

    private static void Struct(ResourceSchema schema, JsonObject obj)
    {
        foreach (var (name, field) in schema.Properties)
        {
            if (name == "managedFields")
            {
                continue;
            }

            var required = schema.Required.Contains(name) || AlwaysPrinted.Contains($"{schema.TypeName}.{name}");
            if (obj.TryGetPropertyValue(name, out var value) && value is not null)
            {
                var normal = Value(field, value);
                if (!ReferenceEquals(normal, value))
                {
                    obj[name] = normal;
                }

                if (!required && IsOmitted(schema, name, field, normal))
                {
                    obj.Remove(name);
                }
            }
            else
            {
                obj.Remove(name);
            }

            if (obj.ContainsKey(name))
            {
                continue;
            }

            if (Fill(field, required, out var filled))
            {
                obj[name] = filled;
            }
        }
    }

    /// <summary>The value that an unset field prints, if it prints any.</summary>
    private static bool Fill(ResourceSchema field, bool required, out JsonNode? value)
    {
        value = field.Default;
        switch (value)
        {
            case JsonObject { Count: 0 } made when field.Type == "object":
                if (field.Properties.Count > 0)
                {
                    Struct(field, made);
                }

                return true;
            case JsonValue scalar when required || !IsZero(scalar):
                return true;
            default:
                value = null;
                return required;
        }
    }

    private static JsonNode Value(ResourceSchema schema, JsonNode value)
    {
        if (schema.IsQuantity)
        {
            return ResourceQuantity.TryParse(value.AsText() ?? value.ToJsonString(), out var quantity, out _) && quantity.ToString() is var canonical && canonical != value.AsText()
                ? JsonValue.Create(canonical) : value;
        }

        switch (value)
        {
            case JsonObject obj when schema.Properties.Count > 0:
                Struct(schema, obj);
                break;
            case JsonObject map when schema.AdditionalProperties is { } values:
                foreach (var (key, item) in map.ToArray())
                {
                    if (item is null)
                    {
                        map[key] = Zero(values);
                    }
                    else if (Value(values, item) is var normal && !ReferenceEquals(normal, item))
                    {
                        map[key] = normal;
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                for (var i = 0; i < list.Count; i++)
                {
                    var item = list[i];
                    if (item is null)
                    {
                        list[i] = Zero(items);
                    }
                    else if (Value(items, item) is var normal && !ReferenceEquals(normal, item))
                    {
                        list[i] = normal;
                    }
                }

                break;
        }

        return value;
    }

    private static JsonNode? Zero(ResourceSchema schema)
    {
        if (schema.IsQuantity)
        {
            return "0";
        }

        switch (schema.Type)
        {
            case "string":
                return "";
            case "integer" or "number":
                return 0;
            case "boolean":
                return false;
            case "object" when schema.Properties.Count > 0:
                return Empty(schema);
            default:
                return null;
        }
    }

    private static bool IsOmitted(ResourceSchema owner, string name, ResourceSchema field, JsonNode value) => value switch
    {
        _ when field.PreserveUnknownFields => false,
        JsonArray { Count: 0 } => true,
        JsonObject { Count: 0 } => field.IsMap,
        JsonValue scalar when IsZero(scalar) => scalar.GetValueKind() == JsonValueKind.String
            ? !Pointers.Contains(name) && !Pointers.Contains($"{owner.TypeName}.{name}")
            : Plain.Contains(name) || Plain.Contains($"{name}:{owner.TypeName?.Split('.')[^1]}"),
        _ => false,
    };

    private static bool IsZero(JsonValue value) => value.GetValueKind() switch
    {
        JsonValueKind.String => value.GetValue<string>().Length == 0,
        JsonValueKind.Number => value.AsNumber() == 0,
        JsonValueKind.False => true,
        _ => false,
    };
}
