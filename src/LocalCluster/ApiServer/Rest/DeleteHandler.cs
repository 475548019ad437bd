using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Admission;
using Octavo.LocalCluster.ApiServer.Admission.Webhooks;
using Octavo.LocalCluster.ApiServer.Conversion;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Storage;
using Octavo.LocalCluster.ApiServer.Strategies;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>delete and deletecollection.</summary>
internal sealed class DeleteHandler(ApiServerCore core, AnswerWriter answers, StrategyTable strategies, WebhookAdmission webhooks)
{
    private const string OrphanFinalizer = "orphan";
    private const string ForegroundFinalizer = "foregroundDeletion";

    public async Task DeleteAsync(ResourceRequest request)
    {
        Negotiation.Of(request.Http.Request, isList: false);
        var options = await DeleteOptions.ReadAsync(request);
        var resource = request.Resource;
        if (strategies.For(resource.Storage).RefuseDelete(request.Name) is { } refusal)
        {
            throw ApiErrors.Forbidden(resource.Group, resource.Plural, request.Name, refusal);
        }

        var (value, isGone) = await DeleteAsync(request, request.Namespace, request.Name, options, isAdmitted: false);
        if (!isGone || strategies.For(resource.Storage).ReturnsDeletedObject)
        {
            await answers.WriteObjectAsync(request, 200, value);
            return;
        }

        var details = new JsonObject { ["name"] = request.Name };
        if (resource.Group.Length > 0)
        {
            details["group"] = resource.Group;
        }

        details["kind"] = resource.Plural;
        details["uid"] = Metadata.Text(value, "uid");
        await answers.WriteObjectAsync(request, 200, new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        });
    }

    public async Task DeleteCollectionAsync(ResourceRequest request)
    {
        Negotiation.Of(request.Http.Request, isList: true);
        var filter = ObjectFilter.Of(request);
        var options = await DeleteOptions.ReadAsync(request);
        var snapshot = core.Store.Snapshot(request.Resource.Storage);
        var deleted = new List<JsonObject>();
        foreach (var stored in snapshot.In(request.Namespace))
        {
            var value = VersionConversion.ToServed(request.Resource, stored.Value);
            if (!filter.Matches(value))
            {
                continue;
            }

            deleted.Add(value);
            try
            {
                await DeleteAsync(request, stored.Namespace, stored.Name, options, isAdmitted: false);
            }
            catch (ApiException error) when (error.Code == 404)
            {
                // Somebody else was faster.
            }
        }

        var metadata = new JsonObject { ["resourceVersion"] = snapshot.Revision.ToString(CultureInfo.InvariantCulture) };
        await answers.WriteListAsync(request, deleted, metadata);
    }

    /// <param name="isAdmitted">Admission has spoken already, about what brings the deletion.</param>
    /// <returns>The object as it stays, or as it last was, in the version of the request.</returns>
    /// <exception cref="ApiException">404, 409, or a webhook's refusal.</exception>
    public async Task<(JsonObject Value, bool IsGone)> DeleteAsync(ResourceRequest request, string ns, string name, DeleteOptions options, bool isAdmitted)
    {
        var resource = request.Resource;
        while (true)
        {
            var stored = core.Store.Get(resource.Storage, ns, name) ?? throw ApiErrors.NotFound(resource, name);
            CheckPreconditions(resource, name, stored, options);
            if (!isAdmitted)
            {
                var attributes = new AdmissionAttributes(request, "DELETE", ns, name, "", null, VersionConversion.ToServed(resource, stored.Value), options.DryRun);
                await webhooks.MutateAsync(attributes);
                await webhooks.ValidateAsync(attributes);
            }

            if (TryDelete(resource, stored, options) is { } outcome)
            {
                return (VersionConversion.ToServed(resource, outcome.Value), outcome.IsGone);
            }
        }
    }

    private (JsonObject Value, bool IsGone)? TryDelete(ResourceDefinition resource, StoredObject stored, DeleteOptions options)
    {
        var strategy = strategies.For(resource.Storage);
        var value = (JsonObject)stored.Value.DeepClone();
        var metadata = Metadata.Of(value);
        SetPropagation(metadata, options);
        var grace = strategy.IsGraceful ? Math.Max(0, strategy.GracePeriodSeconds(value, options.GracePeriodSeconds)) : 0;
        var wasDeleting = Metadata.IsDeleting(stored.Value);
        strategy.MarkDeleting(value);
        var held = Metadata.Finalizers(value).Count > 0 || strategy.IsHeld(value);
        if (!held && grace == 0)
        {
            if (options.DryRun)
            {
                return (stored.Value, true);
            }

            var last = core.Store.TryDelete(stored);
            if (last is null)
            {
                return null;
            }

            strategy.Release(last.Value);
            return (last.Value, true);
        }

        var oldGrace = metadata["deletionGracePeriodSeconds"].AsWhole();
        if (!wasDeleting || (strategy.IsGraceful && grace < oldGrace))
        {
            metadata["deletionTimestamp"] = core.Timestamp(TimeSpan.FromSeconds(grace));
            if (resource.Storage != new GroupResource("", "namespaces") && resource.Storage.Resource != "customresourcedefinitions")
            {
                metadata["deletionGracePeriodSeconds"] = grace;
                if (!wasDeleting && metadata["generation"].AsWhole() is { } generation)
                {
                    metadata["generation"] = generation + 1;
                }
            }
        }

        if (options.DryRun || JsonNode.DeepEquals(value, stored.Value))
        {
            return (value, false);
        }

        return core.Store.TryUpdate(stored, value) is { } updated ? (updated.Value, false) : null;
    }

    private static void SetPropagation(JsonObject metadata, DeleteOptions options)
    {
        var policy = options.PropagationPolicy is { Length: > 0 } named ? named
            : options.OrphanDependents switch { true => "Orphan", false => "Background", null => null };
        if (policy is null)
        {
            return;
        }

        var finalizers = (metadata["finalizers"] as JsonArray ?? []).Select(f => f?.ToString() ?? "")
            .Where(f => f is not (OrphanFinalizer or ForegroundFinalizer)).ToList();
        if (policy != "Background")
        {
            finalizers.Add(policy == "Orphan" ? OrphanFinalizer : ForegroundFinalizer);
        }

        if (finalizers.Count > 0)
        {
            metadata["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode)f)]);
        }
        else
        {
            metadata.Remove("finalizers");
        }
    }

    private static void CheckPreconditions(ResourceDefinition resource, string name, StoredObject stored, DeleteOptions options)
    {
        // This one conflict names the Kind where all others name the resource.
        if (options.PreconditionUid is { } uid && uid != Metadata.Text(stored.Value, "uid"))
        {
            throw ApiErrors.Conflict(resource.Group, resource.Kind, name,
                $"the UID in the precondition ({uid}) does not match the UID in record ({Metadata.Text(stored.Value, "uid")}). "
                + "The object might have been deleted and then recreated");
        }

        if (options.PreconditionResourceVersion is { } version && version != Metadata.Text(stored.Value, "resourceVersion"))
        {
            throw ApiErrors.Conflict(resource.Group, resource.Kind, name,
                $"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ("
                + $"{Metadata.Text(stored.Value, "resourceVersion")}). The object might have been modified");
        }
    }
}
