using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>Decides which names a definition may have: in one group no two definitions share any. Pure.</summary>
internal static class DefinitionNames
{
    /// <param name="definition">The definition; not changed.</param>
    /// <param name="others">The other definitions.</param>
    /// <param name="timestamp">Now, RFC 3339.</param>
    /// <returns>The definition with the status that its names deserve.</returns>
    public static JsonObject Accept(JsonObject definition, IEnumerable<JsonObject> others, string timestamp)
    {
        var result = (JsonObject)definition.DeepClone();
        var wanted = result.At("spec", "names") as JsonObject ?? [];
        var status = result.Ensure("status");
        var accepted = status.Ensure("acceptedNames");
        var (resources, kinds) = Taken(definition, others);
        (string Reason, string Message)? conflict = null;
        foreach (var (field, reason, taken) in new[] { ("plural", "PluralConflict", resources), ("singular", "SingularConflict", resources), ("shortNames", "ShortNamesConflict", resources), ("kind", "KindConflict", kinds), ("listKind", "ListKindConflict", kinds) })
        {
            var clashes = Values(wanted[field]).Where(n => taken.Contains(n) && !Values(accepted[field]).Contains(n)).ToList();
            if (clashes.Count > 0)
            {
                var texts = clashes.Select(n => $"{JsonValues.Quote(n)} is already in use").ToList();
                conflict = (reason, texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]");
                continue;
            }

            Copy(wanted, accepted, field);
        }

        Copy(wanted, accepted, "categories");
        accepted.SetDefault("plural", "");
        accepted.SetDefault("kind", "");
        var conditions = status["conditions"] as JsonArray;
        if (conditions is null)
        {
            status["conditions"] = conditions = [];
        }

        Set(conditions, "NamesAccepted", conflict is null, conflict?.Reason ?? "NoConflicts", conflict?.Message ?? "no conflicts found", timestamp);
        if (!IsEstablished(result))
        {
            Set(conditions, "Established", conflict is null, conflict is null ? "InitialNamesAccepted" : "NotAccepted", conflict is null ? "the initial names have been accepted" : "not all names are accepted", timestamp);
        }

        RememberStorage(result, status);
        return result;
    }

    public static bool IsEstablished(JsonObject definition) => Holds(definition, "Established");

    public static bool Holds(JsonObject definition, string condition) =>
        (definition.At("status", "conditions") as JsonArray ?? []).Any(c => c?["type"].AsText() == condition && c["status"].AsText() == "True");

    internal static void Set(JsonArray conditions, string type, bool holds, string reason, string message, string timestamp)
    {
        var status = holds ? "True" : "False";
        var present = conditions.OfType<JsonObject>().FirstOrDefault(c => c["type"].AsText() == type);
        if (present is null)
        {
            conditions.Add(new JsonObject { ["type"] = type, ["status"] = status, ["lastTransitionTime"] = timestamp, ["reason"] = reason, ["message"] = message });
            return;
        }

        if (present["status"].AsText() != status)
        {
            present["lastTransitionTime"] = timestamp;
        }

        (present["status"], present["reason"], present["message"]) = (status, reason, message);
    }

    private static (HashSet<string> Resources, HashSet<string> Kinds) Taken(JsonObject definition, IEnumerable<JsonObject> others)
    {
        var resources = new HashSet<string>(StringComparer.Ordinal);
        var kinds = new HashSet<string>(StringComparer.Ordinal);
        foreach (var names in others.Where(o => o.At("spec", "group").SameAs(definition.At("spec", "group")) && !o.At("metadata", "name").SameAs(definition.At("metadata", "name")))
            .Select(o => o.At("status", "acceptedNames")).OfType<JsonObject>())
        {
            resources.UnionWith(new[] { "plural", "singular", "shortNames" }.SelectMany(f => Values(names[f])));
            kinds.UnionWith(new[] { "kind", "listKind" }.SelectMany(f => Values(names[f])));
        }

        return (resources, kinds);
    }

    private static void RememberStorage(JsonObject definition, JsonObject status)
    {
        if (status["storedVersions"] is not JsonArray stored)
        {
            status["storedVersions"] = stored = [];
        }

        foreach (var name in (definition.At("spec", "versions") as JsonArray ?? []).Where(v => v?["storage"].IsTrue() == true).Select(v => v!["name"].AsText()))
        {
            if (!stored.Any(s => s.AsText() == name))
            {
                stored.Add((JsonNode?)name);
            }
        }
    }

    private static void Copy(JsonObject wanted, JsonObject accepted, string field)
    {
        accepted.Remove(field);
        if (wanted[field] is { } value)
        {
            accepted[field] = value.DeepClone();
        }
    }

    private static IEnumerable<string> Values(JsonNode? node) => node switch
    {
        JsonArray list => list.Select(i => i.AsText()).OfType<string>(),
        _ => node.AsText() is { Length: > 0 } text ? [text] : [],
    };
}
