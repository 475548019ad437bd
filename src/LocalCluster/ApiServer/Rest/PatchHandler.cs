using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Patch;
using Octavo.LocalCluster.ApiServer.ServerSideApply;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>patch: JSON patch, merge patch, strategic merge patch and server-side apply.</summary>
internal sealed class PatchHandler(
    ApiServerCore core, AnswerWriter answers, ObjectSemantics semantics, CreateHandler creates, UpdateHandler updates)
{
    public const string Json = "application/json-patch+json";
    public const string Merge = "application/merge-patch+json";
    public const string Strategic = "application/strategic-merge-patch+json";
    public const string Apply = "application/apply-patch+yaml";

    public async Task PatchAsync(ResourceRequest request)
    {
        Negotiation.Of(request.Http.Request, isList: false);
        var type = CheckType(request);
        var bytes = await BodyReader.ReadBytesAsync(request.Http);
        var dryRun = request.IsDryRun("PatchOptions");
        if (type == Apply)
        {
            await ApplyAsync(request, bytes, dryRun);
            return;
        }

        if (request.Query("force") is { Length: > 0 })
        {
            throw ApiErrors.Invalid("meta.k8s.io", "PatchOptions", "", [new StatusCause(
                "FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force")]);
        }

        var patch = ParsePatch(bytes, type);
        var updated = await updates.ChangeAsync(request, new ObjectChange(live => Patched(request, live, type, patch), request.FieldManager, IsPatch: true, dryRun));
        await answers.WriteObjectAsync(request, 200, updated);
    }

    /// <summary>The patch applied to a copy of the target.</summary>
    public JsonObject ApplyPatch(ResourceRequest request, JsonObject target, string type, JsonNode? patch)
    {
        try
        {
            return type switch
            {
                Json => JsonPatch.Apply(target, patch),
                Merge => MergePatch.Apply(target, patch),
                _ => StrategicMergePatch.Apply(semantics.SchemaOf(request.Resource), target, patch),
            };
        }
        catch (PatchException error)
        {
            throw error.StatusCode == 413
                ? new ApiException(413, error.Message, error.Reason, null)
                : new ApiException(error.StatusCode, error.Message, error.Reason, error.HasEmptyDetails ? [] : null);
        }
    }

    public static string CheckType(ResourceRequest request)
    {
        var type = BodyReader.MediaType(request.Http.Request);
        if (type is Json or Merge or Apply || (type == Strategic && !request.Resource.IsCustom))
        {
            return type;
        }

        throw type == Strategic
            ? ApiErrors.UnsupportedMediaType(
                $"the body of the request was in an unknown format - accepted media types include: {Json}, {Merge}, {Apply}")
            : ApiErrors.UnsupportedMediaType("415: Unsupported Media Type", withDetails: true);
    }

    public static JsonNode? ParsePatch(byte[] bytes, string type)
    {
        try
        {
            return JsonBody.Parse(bytes).Node;
        }
        catch (JsonException error)
        {
            var problem = GoJsonSyntax.FindError(bytes) ?? error.Message;
            throw ApiErrors.BadRequest(type == Json ? $"error decoding patch: {problem}" : $"error decoding patch: {problem}");
        }
    }

    private JsonObject Patched(ResourceRequest request, JsonObject live, string type, JsonNode? patch)
    {
        var resource = request.Resource;
        var result = ApplyPatch(request, live, type, patch);
        request.Warnings.Clear();
        AddDeprecation(request);
        ObjectDecoder.CheckKind(core.Registry, resource, resource.ApiVersion, resource.Kind, new JsonBody(result, []));
        semantics.Normalize(request, resource, result, [], isPatch: true);
        return result;
    }

    private async Task ApplyAsync(ResourceRequest request, byte[] bytes, bool dryRun)
    {
        var resource = request.Resource;
        var manager = request.Query("fieldManager");
        if (string.IsNullOrEmpty(manager))
        {
            throw ApiErrors.Invalid("meta.k8s.io", "PatchOptions", "", [new StatusCause(
                "FieldValueRequired", "Required value: is required for apply patch", "fieldManager")]);
        }

        var applied = (JsonObject)BodyReader.ParseYaml(bytes, request.Query("fieldValidation") == "Strict").Node!;
        var sent = (JsonObject)applied.DeepClone();
        CheckApplied(request, applied);

        // The configuration is merged as it was sent: a namespace that only the path gives is not applied by anybody.
        Metadata.Of(sent)["name"] = request.Name;
        var force = request.Flag("force") ?? false;
        var schema = semantics.SchemaOf(resource);
        var subresource = request.Info.Subresource;
        JsonObject Merged(JsonObject? live)
        {
            var outcome = FieldManager.Apply(schema, live, (JsonObject)sent.DeepClone(), manager, force, subresource, resource.ApiVersion, core.Time.GetUtcNow());
            if (outcome.Merged is not { } merged)
            {
                throw Refused(outcome);
            }

            request.Warnings.Clear();
            AddDeprecation(request);
            semantics.Normalize(request, resource, merged, [], isPatch: true);
            return merged;
        }

        // A race between two creating applies is settled by the second finding the object.
        for (var attempt = 0; ; attempt++)
        {
            var exists = creates.Find(request) is not null;
            if (!exists && subresource.Length > 0)
            {
                throw ApiErrors.NotFound(resource, request.Name);
            }

            if (!exists && Metadata.Text(sent, "uid") is { Length: > 0 } uid)
            {
                throw ApiErrors.Conflict(resource.Group, resource.Plural, request.Name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
            }

            if (exists)
            {
                var updated = await updates.ChangeAsync(request, new ObjectChange(Merged, null, IsPatch: true, dryRun));
                await answers.WriteObjectAsync(request, 200, updated);
                return;
            }

            try
            {
                await answers.WriteObjectAsync(request, 201, await creates.CreateAsync(request, Merged(null), dryRun, manager: null));
                return;
            }
            catch (ApiException error) when (error.Reason == "AlreadyExists" && attempt < 3)
            {
                continue;
            }
        }
    }

    private static ApiException Refused(ApplyOutcome outcome)
    {
        JsonObject? details = null;
        if (outcome.Causes.Count > 0)
        {
            details = new JsonObject
            {
                ["causes"] = new JsonArray([.. outcome.Causes.Select(c => (JsonNode)new JsonObject
                {
                    ["reason"] = c.Reason,
                    ["message"] = c.Message,
                    ["field"] = c.Field,
                })]),
            };
        }

        return new ApiException(outcome.StatusCode, outcome.Message, outcome.Reason.Length == 0 ? null : outcome.Reason, details);
    }

    private static void CheckApplied(ResourceRequest request, JsonObject applied)
    {
        var resource = request.Resource;
        if (applied["apiVersion"] is null || applied["kind"] is null)
        {
            throw ApiErrors.BadRequest("error decoding patch: Object 'apiVersion' or 'kind' is missing in the applied configuration");
        }

        if (applied["apiVersion"]!.ToString() != resource.ApiVersion || applied["kind"]!.ToString() != resource.Kind)
        {
            throw ApiErrors.BadRequest(
                $"the kind in the data ({applied["apiVersion"]}, Kind={applied["kind"]}) does not match the expected kind ({resource.ApiVersion}, Kind={resource.Kind})");
        }

        if ((applied["metadata"] as JsonObject)?["managedFields"] is JsonArray { Count: > 0 })
        {
            throw ApiErrors.BadRequest("metadata.managedFields must be nil");
        }

        var metadata = Metadata.Of(applied);
        if (Metadata.Text(applied, "name").Length == 0)
        {
            metadata["name"] = request.Name;
        }
        else if (Metadata.Text(applied, "name") != request.Name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({Metadata.Text(applied, "name")}) does not match the name on the URL ({request.Name})");
        }

        var ns = Metadata.Text(applied, "namespace");
        if (ns.Length > 0 && ns != request.Namespace)
        {
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
    }

    private static void AddDeprecation(ResourceRequest request)
    {
        if (request.Resource.DeprecationWarning is { } warning)
        {
            request.Warnings.Add(warning);
        }
    }
}
