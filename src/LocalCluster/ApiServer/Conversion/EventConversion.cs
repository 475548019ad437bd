using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Conversion;

/// <summary>Events have one collection and two forms: core v1 and events.k8s.io/v1.</summary>
internal static class EventConversion
{
    private static readonly (string Core, string New)[] Names =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("count", "deprecatedCount"),
        ("firstTimestamp", "deprecatedFirstTimestamp"), ("lastTimestamp", "deprecatedLastTimestamp"),
        ("reportingComponent", "reportingController"),
    ];

    // Fields that a real server writes even when they are unset.
    private static readonly string[] AlwaysTimes = ["deprecatedFirstTimestamp", "deprecatedLastTimestamp", "eventTime"];

    public static JsonObject FromCore(JsonObject core)
    {
        var result = Rename(core, toNew: true);
        foreach (var time in AlwaysTimes)
        {
            result.TryAdd(time, null);
        }

        result.TryAdd("deprecatedSource", new JsonObject());
        RemoveEmpty(result, "reportingController");
        RemoveEmpty(result, "reportingInstance");
        return result;
    }

    public static JsonObject ToCore(JsonObject served)
    {
        var result = Rename(served, toNew: false);
        Complete(result);
        return result;
    }

    /// <summary>Adds what the core form always carries.</summary>
    public static void Complete(JsonObject core)
    {
        core.TryAdd("source", new JsonObject());
        core.TryAdd("firstTimestamp", null);
        core.TryAdd("lastTimestamp", null);
        core.TryAdd("eventTime", null);
        core.TryAdd("reportingComponent", "");
        core.TryAdd("reportingInstance", "");
    }

    private static JsonObject Rename(JsonObject from, bool toNew)
    {
        var result = new JsonObject();
        foreach (var (key, value) in from)
        {
            var pair = Array.Find(Names, n => (toNew ? n.Core : n.New) == key);
            var name = pair.Core is null ? key : toNew ? pair.New : pair.Core;
            result[name] = value?.DeepClone();
        }

        return result;
    }

    private static void RemoveEmpty(JsonObject target, string name)
    {
        if (target[name] is JsonValue value && value.TryGetValue(out string? text) && text.Length == 0)
        {
            target.Remove(name);
        }
    }
}
