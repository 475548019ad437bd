using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Admission;
using Octavo.LocalCluster.ApiServer.Admission.Webhooks;
using Octavo.LocalCluster.ApiServer.Conversion;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.ServerSideApply;
using Octavo.LocalCluster.ApiServer.Storage;
using Octavo.LocalCluster.ApiServer.Strategies;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>update (put) of an object or its status, and the common end of every change of an existing object.</summary>
internal sealed class UpdateHandler(ApiServerCore core, AnswerWriter answers, ObjectSemantics semantics, StrategyTable strategies, WebhookAdmission webhooks)
{
    private const int Attempts = 20;

    public async Task PutAsync(ResourceRequest request)
    {
        Negotiation.Of(request.Http.Request, isList: false);
        var resource = request.Resource;
        var body = await BodyReader.ReadObjectAsync(request.Http, resource.Kind);
        var value = ObjectDecoder.CheckKind(core.Registry, resource, resource.ApiVersion, resource.Kind, body);
        var dryRun = request.IsDryRun("UpdateOptions");
        semantics.Normalize(request, resource, value, body.DuplicateFields, isPatch: false);
        var updated = await ChangeAsync(request, new ObjectChange(_ => (JsonObject)value.DeepClone(), request.FieldManager, IsPatch: false, dryRun));
        await answers.WriteObjectAsync(request, 200, updated);
    }

    /// <summary>Reads, changes, checks and writes, again while others write in between.</summary>
    /// <returns>The object as the request's version shows it.</returns>
    /// <exception cref="ApiException">404, 409, 422 and whatever the change throws.</exception>
    public async Task<JsonObject> ChangeAsync(ResourceRequest request, ObjectChange change)
    {
        var resource = request.Resource;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var stored = core.Store.Get(resource.Storage, request.Namespace, request.Name)
                ?? throw ApiErrors.NotFound(resource, request.Name);
            var live = VersionConversion.ToServed(resource, stored.Value);
            var updated = change.Apply(live);
            CheckRevision(request, updated, stored, change);
            Isolate(request, updated, live, change);
            Track(request, updated, live, change);
            updated = await MutateAsync(request, updated, live, change);
            Complete(request, updated, live, change);
            await ValidateAsync(request, updated, live, change);
            if (SameExceptTimes(updated, live))
            {
                return live;
            }

            if (change.DryRun)
            {
                return updated;
            }

            if (Write(request, stored, updated, live) is { } written)
            {
                return VersionConversion.ToServed(resource, written.Value);
            }
        }

        throw ApiErrors.Modified(resource, request.Name);
    }

    /// <summary>Undoes what this endpoint does not write.</summary>
    private void Isolate(ResourceRequest request, JsonObject updated, JsonObject live, ObjectChange change)
    {
        var resource = request.Resource;
        var strategy = strategies.For(resource.Storage);
        Metadata.PrepareForUpdate(request, updated, live, change.IsPatch);
        if (request.Info.Subresource == "status")
        {
            StatusIsolation.KeepAllButStatus(resource, updated, live);
            strategy.CompleteStatus(updated);
        }
        else if (request.Info.Subresource == "finalize")
        {
            var finalizers = updated["spec"]?["finalizers"]?.DeepClone();
            StatusIsolation.KeepAll(updated, live);
            updated["spec"] = finalizers is JsonArray { Count: > 0 } ? new JsonObject { ["finalizers"] = finalizers } : new JsonObject();
        }
        else
        {
            if (resource.FindSubresource("status") is not null && !change.IsBinding)
            {
                StatusIsolation.KeepStatus(updated, live);
            }

            strategy.PrepareForUpdate(resource, updated, live);
        }
    }

    private void Track(ResourceRequest request, JsonObject updated, JsonObject live, ObjectChange change)
    {
        if (change.Manager is { } manager)
        {
            FieldManager.TrackUpdate(
                semantics.SchemaOf(request.Resource), live, updated, manager, TrackedSubresource(request), request.Resource.ApiVersion, core.Time.GetUtcNow());
        }
    }

    private static string TrackedSubresource(ResourceRequest request) => request.Info.Subresource is "status" ? "status" : "";

    private async Task<JsonObject> MutateAsync(ResourceRequest request, JsonObject updated, JsonObject live, ObjectChange change)
    {
        if (change.IsBinding || change.IsInternal)
        {
            return updated; // A binding was admitted as such.
        }

        var attributes = Attributes(request, updated, live, change);
        var mutated = await webhooks.MutateAsync(attributes);
        if (mutated is null || ReferenceEquals(mutated, attributes.Object))
        {
            return updated;
        }

        if (change.View is not null)
        {
            change.TakeView?.Invoke(updated, mutated);
            return updated;
        }

        // What webhooks add belongs to nobody.
        FieldManager.Keep(mutated, updated);
        Isolate(request, mutated, live, change);
        return mutated;
    }

    private Task ValidateAsync(ResourceRequest request, JsonObject updated, JsonObject live, ObjectChange change) =>
        change.IsBinding || change.IsInternal ? Task.CompletedTask : webhooks.ValidateAsync(Attributes(request, updated, live, change));

    private static AdmissionAttributes Attributes(ResourceRequest request, JsonObject updated, JsonObject live, ObjectChange change) => new(
        request, "UPDATE", request.Namespace, request.Name, request.Info.Subresource,
        change.View is { } view ? view(updated) : updated, change.View is { } old ? old(live) : live, change.DryRun);

    private void Complete(ResourceRequest request, JsonObject updated, JsonObject live, ObjectChange change)
    {
        var resource = request.Resource;
        var strategy = strategies.For(resource.Storage);
        var subresource = TrackedSubresource(request);
        if (StrategyTable.HasGeneration(resource) && subresource.Length == 0 && SpecDiffers(updated, live))
        {
            var generation = live["metadata"]?["generation"].AsWhole() ?? 0;
            Metadata.Of(updated)["generation"] = generation + 1;
        }

        change.BeforeValidation?.Invoke(updated);
        if (!change.IsBinding)
        {
            semantics.Validate(resource, updated, live);
        }

        if (!change.DryRun && subresource.Length == 0)
        {
            strategy.Allocate(updated, live);
        }
    }

    private StoredObject? Write(ResourceRequest request, StoredObject stored, JsonObject updated, JsonObject live)
    {
        var strategy = strategies.For(request.Resource.Storage);
        var grace = updated["metadata"]?["deletionGracePeriodSeconds"].AsWhole() ?? 0;
        var wasHeld = Metadata.Finalizers(live).Count > 0 || strategy.IsHeld(live);
        var isHeld = Metadata.Finalizers(updated).Count > 0 || strategy.IsHeld(updated);
        var value = VersionConversion.ToStored(request.Resource, updated);
        if (Metadata.IsDeleting(updated) && grace == 0 && wasHeld && !isHeld)
        {
            // The last finalizer went: this write is the deletion.
            var deleted = core.Store.TryDelete(stored, value);
            if (deleted is not null)
            {
                strategy.Release(value);
            }

            return deleted;
        }

        return core.Store.TryUpdate(stored, value);
    }

    private static void CheckRevision(ResourceRequest request, JsonObject updated, StoredObject stored, ObjectChange change)
    {
        var asked = Metadata.Text(updated, "resourceVersion");
        if (asked.Length == 0 || asked == "0")
        {
            if (request.Resource.IsCustom && !change.IsPatch)
            {
                throw ApiErrors.Invalid(request.Resource.Group, request.Resource.Plural, request.Name, [new StatusCause(
                    "FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion")]);
            }
        }
        else if (!ulong.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
        {
            throw ApiErrors.Unmapped($"strconv.ParseUint: parsing \"{asked}\": invalid syntax");
        }
        else if (revision != (ulong)stored.Revision)
        {
            throw ApiErrors.Modified(request.Resource, request.Name);
        }

        Metadata.Of(updated)["resourceVersion"] = stored.Value["metadata"]!["resourceVersion"]!.DeepClone();
    }

    private static bool SpecDiffers(JsonObject updated, JsonObject live)
    {
        foreach (var name in updated.Select(p => p.Key).Union(live.Select(p => p.Key)))
        {
            if (name is not ("metadata" or "status" or "apiVersion" or "kind") && !JsonNode.DeepEquals(updated[name], live[name]))
            {
                return true;
            }
        }

        return false;
    }

    // A write that changes nothing but the times of managedFields is no write.
    private static bool SameExceptTimes(JsonObject updated, JsonObject live)
    {
        if (JsonNode.DeepEquals(updated, live))
        {
            return true;
        }

        return JsonNode.DeepEquals(WithoutTimes(updated), WithoutTimes(live));
    }

    private static JsonObject WithoutTimes(JsonObject value)
    {
        var copy = (JsonObject)value.DeepClone();
        foreach (var entry in copy["metadata"]?["managedFields"] as JsonArray ?? [])
        {
            (entry as JsonObject)?.Remove("time");
        }

        return copy;
    }
}
