using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Admission;
using Octavo.LocalCluster.ApiServer.Admission.Webhooks;
using Octavo.LocalCluster.ApiServer.Conversion;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.ServerSideApply;
using Octavo.LocalCluster.ApiServer.Storage;
using Octavo.LocalCluster.ApiServer.Strategies;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>create, and the creating half of apply.</summary>
internal sealed class CreateHandler(
    ApiServerCore core, AnswerWriter answers, ObjectSemantics semantics, StrategyTable strategies, NamespaceAdmission namespaces,
    ServiceAccountAdmission serviceAccounts, WebhookAdmission webhooks)
{
    private const int GeneratedNameAttempts = 8;

    public async Task CreateAsync(ResourceRequest request)
    {
        Negotiation.Of(request.Http.Request, isList: false);
        var resource = request.Resource;
        var body = await BodyReader.ReadObjectAsync(request.Http, resource.Kind);
        var value = ObjectDecoder.CheckKind(core.Registry, resource, resource.ApiVersion, resource.Kind, body);
        var dryRun = request.IsDryRun("CreateOptions");
        semantics.Normalize(request, resource, value, body.DuplicateFields, isPatch: false);
        var created = await CreateAsync(request, value, dryRun, request.FieldManager);
        await answers.WriteObjectAsync(request, 201, created);
    }

    /// <param name="value">Decoded and defaulted, in the version of the request; consumed.</param>
    /// <param name="manager">Null for an apply, which has written managedFields itself.</param>
    /// <returns>The object as the request's version shows it.</returns>
    public async Task<JsonObject> CreateAsync(ResourceRequest request, JsonObject value, bool dryRun, string? manager)
    {
        var resource = request.Resource;
        if (Metadata.Text(value, "resourceVersion").Length > 0)
        {
            throw ApiErrors.Unmapped("resourceVersion should not be set on objects to be created");
        }

        Metadata.CheckNamespace(request, value);
        var prefix = Metadata.Text(value, "generateName");
        var generated = Metadata.Text(value, "name").Length == 0 && prefix.Length > 0;
        for (var attempt = 0; ; attempt++)
        {
            if (generated)
            {
                Metadata.Of(value)["name"] = Metadata.Generate(prefix);
            }

            if (await CreateNamedAsync(request, (JsonObject)value.DeepClone(), dryRun, manager) is { } created)
            {
                return created;
            }

            if (!generated || attempt == GeneratedNameAttempts)
            {
                throw ApiErrors.AlreadyExists(resource, Metadata.Text(value, "name"));
            }
        }
    }

    private async Task<JsonObject?> CreateNamedAsync(ResourceRequest request, JsonObject value, bool dryRun, string? manager)
    {
        var resource = request.Resource;
        var name = Metadata.Text(value, "name");
        if (name.Length == 0)
        {
            throw ApiErrors.Invalid(resource.Group, resource.Kind, "", [new StatusCause(
                "FieldValueRequired", "Required value: name or generateName is required", "metadata.name")]);
        }

        var strategy = strategies.For(resource.Storage);
        var metadata = Metadata.Of(value);
        foreach (var owned in (string[])["deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"])
        {
            metadata.Remove(owned);
        }

        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = core.Timestamp();
        if (StrategyTable.HasGeneration(resource))
        {
            metadata["generation"] = 1;
        }

        if (resource.FindSubresource("status") is not null)
        {
            ResetStatus(resource, value);
        }

        namespaces.CheckCreate(request, value);
        strategy.Default(value);
        var tracked = manager is null ? null : (JsonObject)value.DeepClone();
        if (core.Options.ServiceAccountAdmission && resource.Storage == new GroupResource("", "pods"))
        {
            serviceAccounts.MutatePod(request, value);
        }

        var attributes = new AdmissionAttributes(request, "CREATE", request.Namespace, name, "", value, null, dryRun);
        if (await webhooks.MutateAsync(attributes) is { } mutated && !ReferenceEquals(mutated, value))
        {
            // What webhooks add belongs to nobody.
            FieldManager.Keep(mutated, value);
            value = mutated;
        }

        strategy.PrepareForCreate(resource, value);
        if (manager is not null)
        {
            TrackCreate(resource, value, tracked!, manager);
        }

        semantics.Validate(resource, value, null);
        await webhooks.ValidateAsync(attributes with { Object = value });
        if (core.Store.Get(resource.Storage, request.Namespace, name) is not null)
        {
            return null;
        }

        if (dryRun)
        {
            strategy.Allocate(value, null);
            strategy.Release(value);
            return value;
        }

        strategy.Allocate(value, null);
        var stored = core.Store.TryCreate(resource.Storage, request.Namespace, name, VersionConversion.ToStored(resource, value));
        if (stored is null)
        {
            strategy.Release(value);
            return null;
        }

        return VersionConversion.ToServed(resource, stored.Value);
    }

    private void TrackCreate(ResourceDefinition resource, JsonObject value, JsonObject tracked, string manager)
    {
        // What the strategy adds belongs to nobody, except where it moves what the client wrote (stringData into data).
        var subject = resource.Storage == new GroupResource("", "secrets") ? value : tracked;
        Metadata.Of(subject).Remove("managedFields");
        FieldManager.TrackUpdate(
            semantics.SchemaOf(resource), null, subject, manager, "", resource.ApiVersion, core.Time.GetUtcNow());
        if (!ReferenceEquals(subject, value) && subject["metadata"]?["managedFields"] is { } fields)
        {
            Metadata.Of(value)["managedFields"] = fields.DeepClone();
        }
    }

    // A new object has no status yet; kinds whose status has no optional form start with an empty one.
    private static void ResetStatus(ResourceDefinition resource, JsonObject value)
    {
        var had = value.ContainsKey("status");
        value.Remove("status");
        if (!resource.IsCustom && (had || resource.Subresources.Any(s => s.Name == "status")))
        {
            value["status"] = new JsonObject();
        }
    }

    public StoredObject? Find(ResourceRequest request) => core.Store.Get(request.Resource.Storage, request.Namespace, request.Name);
}
