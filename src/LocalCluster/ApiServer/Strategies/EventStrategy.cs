using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Selectors;

namespace Octavo.LocalCluster.ApiServer.Strategies;

/// <summary>events.k8s.io/v1 is strict where core events take anything, and its events change in their series only.</summary>
internal sealed class EventStrategy : ResourceStrategy
{
    // In the new form's names; errors use the core form's, in which a real server validates.
    private static readonly (string Field, string Shown)[] Fixed =
    [
        ("eventTime", "eventTime"), ("reason", "reason"), ("action", "action"), ("note", "message"), ("regarding", "involvedObject"),
        ("related", "related"), ("reportingController", "reportingController"), ("reportingInstance", "reportingInstance"), ("type", "type"),
    ];

    public override void PrepareForCreate(ResourceDefinition resource, JsonObject value)
    {
        if (resource.Group.Length == 0)
        {
            Conversion.EventConversion.Complete(value);
        }
    }

    public override IReadOnlyList<StatusCause> Validate(ResourceDefinition resource, JsonObject value, JsonObject? live)
    {
        if (resource.Group.Length == 0)
        {
            return [];
        }

        return live is null ? ValidateNew(value) :
            [.. Fixed.Where(f => !JsonNode.DeepEquals(value[f.Field], live[f.Field])).Select(f => new StatusCause(
                "FieldValueInvalid", $"Invalid value: {value[f.Field]?.ToJsonString() ?? "\"\""}: field is immutable", f.Shown))];
    }

    private static List<StatusCause> ValidateNew(JsonObject value)
    {
        var causes = new List<StatusCause>();
        if (Text(value, "eventTime").Length == 0)
        {
            causes.Add(Required("eventTime"));
        }

        var controller = Text(value, "reportingController");
        if (controller.Length == 0)
        {
            causes.Add(Required("reportingController"));
            causes.Add(new StatusCause("FieldValueInvalid", "Invalid value: \"\": name part must be non-empty", "reportingController"));
        }

        if (LabelSelector.KeyError(controller) is { } wrong)
        {
            causes.Add(new StatusCause("FieldValueInvalid", $"Invalid value: \"{controller}\": {wrong}", "reportingController"));
        }

        causes.AddRange(((string[])["reportingInstance", "action", "reason"]).Where(f => Text(value, f).Length == 0).Select(Required));
        var type = Text(value, "type");
        if (type is not ("Normal" or "Warning"))
        {
            causes.Add(new StatusCause("FieldValueInvalid", $"Invalid value: \"\": has invalid value: {type}", "type"));
        }

        return causes;
    }

    private static StatusCause Required(string field) => new("FieldValueRequired", "Required value", field);

    private static string Text(JsonObject value, string name) => value[name]?.ToString() ?? "";
}
