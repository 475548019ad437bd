using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Integrations;

/// <summary>The Gateway API's objects of one service. Pure. Only fields that version 1 of the kinds has always had: an older one refuses an apply with a field that it does not know.</summary>
internal static class RoutingObjects
{
    private const int DefaultPickerPort = 9002;

    public static HTTPRoute? HttpRoute(V1Alpha1InferenceService service)
    {
        if (service.Spec.Gateway?.HttpRoute is not { } route)
        {
            return null;
        }

        var spec = new JsonObject
        {
            ["parentRefs"] = new JsonArray([.. route.ParentRefs.Select(Parent)]),
            ["rules"] = new JsonArray(new JsonObject { ["backendRefs"] = new JsonArray(Backend(service, route.ToInferencePool == true)) }),
        };
        if (route.Hostnames is { Count: > 0 } hostnames)
        {
            spec["hostnames"] = new JsonArray([.. hostnames.Select(h => (JsonNode)h)]);
        }

        return new HTTPRoute { Metadata = ServingObjectMeta.Create(service), Spec = JsonSerializer.SerializeToElement(spec) };
    }

    public static InferencePool? InferencePool(V1Alpha1InferenceService service)
    {
        if (service.Spec.Gateway?.InferencePool is not { EndpointPicker: { } picker })
        {
            return null;
        }

        var reference = new JsonObject { ["name"] = picker.Name, ["port"] = new JsonObject { ["number"] = picker.Port ?? DefaultPickerPort } };
        if (picker.FailureMode is { } mode)
        {
            reference["failureMode"] = mode;
        }

        var selector = new JsonObject(ServingObjectMeta.SelectorLabels(service).Select(l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value)));
        return new InferencePool
        {
            Metadata = ServingObjectMeta.Create(service),
            Spec = JsonSerializer.SerializeToElement(new JsonObject
            {
                ["selector"] = new JsonObject { ["matchLabels"] = selector },
                ["targetPorts"] = new JsonArray(new JsonObject { ["number"] = ServingPorts.Http }),
                ["endpointPickerRef"] = reference,
            }),
        };
    }

    private static JsonNode Parent(ParentReferenceSpec parent)
    {
        var node = new JsonObject { ["name"] = parent.Name };
        if (parent.Namespace is { } place)
        {
            node["namespace"] = place;
        }

        if (parent.SectionName is { } section)
        {
            node["sectionName"] = section;
        }

        return node;
    }

    private static JsonNode Backend(V1Alpha1InferenceService service, bool toPool)
    {
        var backend = new JsonObject { ["name"] = ServingObjectMeta.NameOf(service), ["port"] = ServingPorts.Http };
        if (toPool)
        {
            var pool = KubernetesEntityAttribute.Of<InferencePool>();
            backend["group"] = pool.Group;
            backend["kind"] = pool.Kind;
        }

        return backend;
    }
}
