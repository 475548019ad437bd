using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.TestSupport;

namespace Octavo.Installation.Tests.Manifests;

/// <summary>What an installation applies, by kind and name, in a form that compares: keys sorted, what the way of installing adds left out.</summary>
internal static class InstalledObjects
{
    private const string OwnNamespace = "$(POD_NAMESPACE)";

    public static async Task<SortedDictionary<string, string>> KustomizeAsync(params string[] overlays)
    {
        var kubectl = ExternalTool.Require("kubectl");
        var objects = new List<JsonObject>();
        foreach (var overlay in overlays)
        {
            objects.AddRange(KubernetesYaml.LoadAll(await ExternalTool.RunAsync(kubectl, ["kustomize", Path.Combine(Repository.Root, "config", overlay)])));
        }

        return Of(objects);
    }

    public static SortedDictionary<string, string> Of(IEnumerable<JsonObject> objects)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var item in objects)
        {
            var metadata = item["metadata"]!.AsObject();
            var ownNamespace = metadata["namespace"]?.GetValue<string>();
            // Helm keeps what carries it when a release goes; kubectl knows no releases.
            if (metadata["annotations"] is JsonObject annotations && annotations.Remove("helm.sh/resource-policy") && annotations.Count == 0)
            {
                metadata.Remove("annotations");
            }

            found.Add($"{item["kind"]} {ownNamespace}/{metadata["name"]}", Canonical(item).ToJsonString(new JsonSerializerOptions { WriteIndented = true }).Replace(OwnNamespace, ownNamespace, StringComparison.Ordinal));
        }

        return found;
    }

    private static JsonNode Canonical(JsonNode node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, p.Value is null ? null : Canonical(p.Value)))),
        JsonArray list => new JsonArray([.. list.Select(i => i is null ? null : Canonical(i))]),
        _ => node.DeepClone(),
    };
}
