using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>What an apply came to: the object to store, or the Status to answer.</summary>
/// <param name="Merged">The merged object with its managedFields, not yet defaulted or validated; null where the apply is refused.</param>
/// <param name="StatusCode">200, or 409 / 400 / 422 / 500.</param>
/// <param name="Reason">The Status reason; empty for 500.</param>
/// <param name="Message">The Status message; empty when merged.</param>
/// <param name="Causes">FieldManagerConflict causes of a 409.</param>
internal sealed record ApplyOutcome(JsonObject? Merged, int StatusCode, string Reason, string Message, IReadOnlyList<FieldError> Causes)
{
    public static ApplyOutcome Of(JsonObject merged) => new(merged, 200, "", "", []);

    public static ApplyOutcome Refused(int statusCode, string reason, string message, IReadOnlyList<FieldError>? causes = null) =>
        new(null, statusCode, reason, message, causes ?? []);
}
