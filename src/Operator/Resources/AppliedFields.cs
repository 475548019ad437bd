using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;

namespace Octavo.Operator.Resources;

/// <summary>
/// Decides whether a server-side apply would change anything, so that a steady state needs no write. Two questions: is every field that is wanted
/// in the live object with the wanted value (drift), and were exactly these fields the ones last applied (the hash; finds fields no longer wanted).
/// </summary>
internal static class AppliedFields
{
    /// <summary>
    /// Keys of lists that the API server merges by key: those that the wanted item names have to agree. The items of all other lists are compared one by one.
    /// </summary>
    private static readonly Dictionary<string, string[]> ListKeys = new(StringComparer.Ordinal)
    {
        ["containers"] = ["name"],
        ["initContainers"] = ["name"],
        ["env"] = ["name"],
        ["volumes"] = ["name"],
        ["volumeMounts"] = ["mountPath"],
        ["imagePullSecrets"] = ["name"],
        ["ports"] = ["containerPort", "port", "protocol"],
        ["ownerReferences"] = ["uid"],
        ["topologySpreadConstraints"] = ["topologyKey", "whenUnsatisfiable"],
        ["hostAliases"] = ["ip"],
    };

    /// <summary>A short hash of the value as written; the builders write in a fixed order.</summary>
    public static string Hash(JsonNode node) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(node.ToJsonString())).AsSpan(0, 10));

    /// <summary>Whether <paramref name="live"/> has all of <paramref name="wanted"/>. What it has beyond (defaults, others' fields) does not matter.</summary>
    public static bool Covers(JsonNode? live, JsonNode? wanted) => Covers(live, wanted, name: "", isQuantity: false);

    private static bool Covers(JsonNode? live, JsonNode? wanted, string name, bool isQuantity)
    {
        switch (wanted)
        {
            case null:
                return true;
            case JsonObject fields:
                return live is JsonObject found
                    && fields.All(f => Covers(found[f.Key], f.Value, f.Key, isQuantity || name is "resources" || f.Key is "sizeLimit"));
            case JsonArray items:
                return CoversList(live as JsonArray, items, name);
            default:
                return SameValue(live, wanted, isQuantity);
        }
    }

    private static bool CoversList(JsonArray? live, JsonArray wanted, string name)
    {
        if (live is null)
        {
            return wanted.Count == 0;
        }

        if (!ListKeys.TryGetValue(name, out var keys))
        {
            return live.Count == wanted.Count && wanted.Zip(live).All(pair => Covers(pair.Second, pair.First, "", isQuantity: false));
        }

        return wanted.All(item => keys.Any(k => item?[k] is not null)
            && live.FirstOrDefault(l => keys.All(k => item![k] is not { } key || JsonNode.DeepEquals(l?[k], key))) is { } match
            && Covers(match, item, "", isQuantity: false));
    }

    private static bool SameValue(JsonNode? live, JsonNode wanted, bool isQuantity)
    {
        // The API server leaves out an empty string.
        if (live is null)
        {
            return wanted.GetValueKind() == JsonValueKind.String && wanted.GetValue<string>().Length == 0;
        }

        if (JsonNode.DeepEquals(live, wanted))
        {
            return true;
        }

        // The API server rewrites quantities: 1000m comes back as 1.
        return isQuantity
            && ResourceQuantity.TryParse(live.ToString(), out var has)
            && ResourceQuantity.TryParse(wanted.ToString(), out var wants)
            && has.Nano == wants.Nano;
    }
}
