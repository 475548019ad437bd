using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>
/// Rules of events. New events (events.k8s.io, which must say when, who and what) are checked strictly and keep all but their series;
/// core events are free, as the real server leaves them.
/// </summary>
internal static class EventRules
{
    /// <summary>Both forms are stored as the core one, which names the fields in errors on update.</summary>
    private static readonly (string New, string Core)[] Fixed =
    [
        ("regarding", "involvedObject"), ("reason", "reason"), ("note", "message"), ("type", "type"), ("eventTime", "eventTime"),
        ("action", "action"), ("related", "related"), ("reportingController", "reportingController"), ("reportingInstance", "reportingInstance"),
    ];

    public static void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        if (obj["apiVersion"].AsText() != "events.k8s.io/v1")
        {
            return;
        }

        if (old is not null)
        {
            errors.AddRange(Fixed.Where(f => !obj[f.New].SameAs(old[f.New])).Select(f => FieldError.Invalid(f.Core, obj[f.New].Print(), "field is immutable")));
            return;
        }

        if (obj["eventTime"] is null)
        {
            errors.Add(FieldError.Required("eventTime"));
        }

        var controller = obj["reportingController"].AsText() ?? "";
        if (controller.Length == 0)
        {
            errors.Add(FieldError.Required("reportingController"));
        }

        errors.AddRange(NameRules.QualifiedNameErrors(controller).Select(e => FieldError.Invalid("reportingController", JsonValues.Quote(controller), e)));
        errors.AddRange(new[] { "reportingInstance", "action", "reason" }.Where(f => obj[f].AsText() is null or "").Select(f => FieldError.Required(f)));
        if (obj["type"].AsText() is var type and not ("Normal" or "Warning"))
        {
            errors.Add(FieldError.Invalid("type", "\"\"", $"has invalid value: {type}"));
        }
    }
}
