using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Deployments;

/// <summary>The name of a pod template: equal templates have equal hashes, whatever the order of their keys. Pure.</summary>
internal static class PodTemplateHash
{
    public const string Label = "pod-template-hash";

    /// <param name="collisions">Moved on when the name is taken by a replica set of another template.</param>
    public static string Compute(V1PodTemplateSpec template, int collisions)
    {
        var text = Canonical(template).ToJsonString() + (collisions > 0 ? collisions.ToString(CultureInfo.InvariantCulture) : "");
        return SafeName.Encode(SafeName.Fnv1a(Encoding.UTF8.GetBytes(text)).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The same template but for the hash label.</summary>
    public static bool AreEqual(V1PodTemplateSpec? first, V1PodTemplateSpec? second) =>
        first is not null && second is not null && JsonNode.DeepEquals(Canonical(first), Canonical(second));

    private static JsonNode Canonical(V1PodTemplateSpec template)
    {
        var node = KubernetesJson.ToNode(template);
        if (node["metadata"] is JsonObject metadata)
        {
            (metadata["labels"] as JsonObject)?.Remove(Label);
            metadata.Remove("creationTimestamp");
        }

        return Sorted(node)!;
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => KeyValuePair.Create(e.Key, Sorted(e.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
