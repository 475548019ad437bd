using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Tables;

/// <summary>Events of either form.</summary>
internal static class EventCells
{
    public static (bool Handled, JsonNode? Cell) Cell(string column, JsonObject value, DateTimeOffset now) => column switch
    {
        "Last Seen" => (true, LastSeen(value, now)),
        "First Seen" => (true, HumanDuration.Since(Any(value, "firstTimestamp", "deprecatedFirstTimestamp") ?? value["eventTime"], now)),
        "Type" => (true, CellText.Text(value, "type")),
        "Reason" => (true, CellText.Text(value, "reason")),
        "Object" => (true, Object(value)),
        "Subobject" => (true, CellText.Text(Any(value, "involvedObject", "regarding"), "fieldPath")),
        "Source" => (true, Source(value)),
        "Message" => (true, (Any(value, "message", "note")?.ToString() ?? "").Trim()),
        "Count" => (true, CellText.At(value, "series.count") is not null
            ? CellText.Number(value, "series.count")
            : Math.Max(1, CellText.Number(value, value.ContainsKey("count") ? "count" : "deprecatedCount"))),
        _ => (false, null),
    };

    private static JsonNode? Any(JsonObject value, string core, string other) => value[core] ?? value[other];

    private static string LastSeen(JsonObject value, DateTimeOffset now)
    {
        var time = CellText.At(value, "series.lastObservedTime") ?? Any(value, "lastTimestamp", "deprecatedLastTimestamp") ?? value["eventTime"];
        return HumanDuration.Since(time, now);
    }

    private static string Object(JsonObject value)
    {
        var about = Any(value, "involvedObject", "regarding");
        return $"{CellText.Text(about, "kind").ToLowerInvariant()}/{CellText.Text(about, "name")}";
    }

    private static string Source(JsonObject value)
    {
        var source = Any(value, "source", "deprecatedSource");
        var component = CellText.Text(source, "component");
        var instance = CellText.Text(source, "host");
        if (component.Length == 0)
        {
            component = (Any(value, "reportingComponent", "reportingController")?.ToString()) ?? "";
            instance = CellText.Text(value, "reportingInstance");
        }

        return instance.Length == 0 ? component : $"{component}, {instance}";
    }
}
