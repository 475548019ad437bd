using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>How to delete: from the body, or from the query where there is no body.</summary>
internal sealed record DeleteOptions(
    long? GracePeriodSeconds, string? PropagationPolicy, bool? OrphanDependents, string? PreconditionUid, string? PreconditionResourceVersion, bool DryRun)
{
    private const string Scheme = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27";

    public static async Task<DeleteOptions> ReadAsync(ResourceRequest request)
    {
        var dryRun = request.IsDryRun("DeleteOptions");
        var bytes = await BodyReader.ReadBytesAsync(request.Http);
        if (bytes.Length == 0)
        {
            return Check(new DeleteOptions(
                request.Number("gracePeriodSeconds"), request.Query("propagationPolicy"), request.Flag("orphanDependents"), null, null, dryRun));
        }

        JsonObject body;
        try
        {
            body = BodyReader.MediaType(request.Http.Request) == "application/vnd.kubernetes.protobuf"
                ? throw ApiErrors.UnsupportedMediaType("delete options are read as JSON only")
                : JsonBody.Parse(bytes).Node as JsonObject ?? [];
        }
        catch (System.Text.Json.JsonException error)
        {
            throw ApiErrors.BadRequest($"couldn't get version/kind; json parse error: {GoJsonSyntax.FindError(bytes) ?? error.Message}");
        }

        var kind = body["kind"]?.ToString() ?? "DeleteOptions";
        if (kind != "DeleteOptions")
        {
            throw ApiErrors.BadRequest($"no kind \"{kind}\" is registered for version \"{body["apiVersion"]}\" in scheme \"{Scheme}\"");
        }

        var preconditions = body["preconditions"];
        return Check(new DeleteOptions(
            body["gracePeriodSeconds"].AsWhole(),
            body["propagationPolicy"]?.ToString(),
            body["orphanDependents"] is JsonValue orphan && orphan.TryGetValue(out bool value) ? value : null,
            preconditions?["uid"]?.ToString(),
            preconditions?["resourceVersion"]?.ToString(),
            dryRun || body["dryRun"] is JsonArray { Count: > 0 }));
    }

    private static DeleteOptions Check(DeleteOptions options)
    {
        if (options.PropagationPolicy is { Length: > 0 } policy)
        {
            if (policy is not ("Foreground" or "Background" or "Orphan"))
            {
                throw Invalid("FieldValueNotSupported",
                    $"Unsupported value: \"{policy}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
            }

            if (options.OrphanDependents is not null)
            {
                throw Invalid("FieldValueInvalid", $"Invalid value: \"{policy}\": orphanDependents and deletionPropagation cannot be both set");
            }
        }

        return options;
    }

    private static ApiException Invalid(string reason, string message) =>
        ApiErrors.Invalid("meta.k8s.io", "DeleteOptions", "", [new StatusCause(reason, message, "propagationPolicy")]);
}
