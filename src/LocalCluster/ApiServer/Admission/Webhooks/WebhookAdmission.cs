using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Cel;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Patch;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Storage;

namespace Octavo.LocalCluster.ApiServer.Admission.Webhooks;

/// <summary>
/// Calls the admission webhooks that are configured: mutating ones one after the other by the names of their configurations, validating ones side by side.
/// </summary>
internal sealed class WebhookAdmission(ObjectStore store, ResourceRegistry registry, WebhookClient client, ObjectSemantics semantics)
{
    private const string Group = "admissionregistration.k8s.io";
    private const long ConditionBudget = 1_000_000;

    private static readonly GroupResource Mutating = new(Group, "mutatingwebhookconfigurations");
    private static readonly GroupResource Validating = new(Group, "validatingwebhookconfigurations");
    private static readonly GroupResource Namespaces = new("", "namespaces");

    /// <summary>Lets mutating webhooks change the object.</summary>
    /// <returns>The changed object, pruned and defaulted; the given one where nothing was changed.</returns>
    /// <exception cref="ApiException">A webhook refused, or failed and may not be left out.</exception>
    public async Task<JsonObject?> MutateAsync(AdmissionAttributes attributes)
    {
        if (IsExempt(attributes) || Configured(Mutating) is not { Count: > 0 } webhooks)
        {
            return attributes.Object;
        }

        var lastChange = -1;
        var current = attributes;
        for (var i = 0; i < webhooks.Count; i++)
        {
            var changed = await InvokeAsync(webhooks[i], current);
            if (!ReferenceEquals(changed, current.Object))
            {
                current = current with { Object = changed };
                lastChange = i;
            }
        }

        // Those that asked for it see the object again where a later one has changed it, once.
        for (var i = 0; i < lastChange; i++)
        {
            if (webhooks[i].IsReinvoked)
            {
                current = current with { Object = await InvokeAsync(webhooks[i], current) };
            }
        }

        return current.Object;
    }

    /// <exception cref="ApiException">The first webhook, by order, that refused, or failed and may not be left out.</exception>
    public async Task ValidateAsync(AdmissionAttributes attributes)
    {
        if (IsExempt(attributes) || Configured(Validating) is not { Count: > 0 } webhooks)
        {
            return;
        }

        var matching = webhooks.Select(w => (Webhook: w, Seen: Match(w, attributes))).Where(w => w.Seen is not null);
        await Task.WhenAll(matching.Select(w => CallAsync(w.Webhook, w.Seen!, attributes, mayPatch: false)));
    }

    /// <summary>Webhooks do not decide about webhooks: a broken one could not be removed otherwise.</summary>
    private static bool IsExempt(AdmissionAttributes attributes) => attributes.Request.Resource.Group == Group;

    private List<Webhook> Configured(GroupResource resource)
    {
        var snapshot = store.Snapshot(resource);
        return snapshot.Objects.Count == 0 ? [] : [.. snapshot.In("").SelectMany(c => Webhook.ReadAll(c.Value))];
    }

    private async Task<JsonObject?> InvokeAsync(Webhook webhook, AdmissionAttributes attributes)
    {
        if (Match(webhook, attributes) is not { } seen || await CallAsync(webhook, seen, attributes, mayPatch: true) is not { Patch: { } patch } || attributes.Object is not { } before)
        {
            return attributes.Object;
        }

        var resource = attributes.Request.Resource;
        var target = (JsonObject)before.DeepClone();
        var isObject = before["kind"]?.ToString() == resource.Kind;
        if (isObject)
        {
            target["apiVersion"] = seen.ApiVersion;
        }

        JsonObject patched;
        try
        {
            patched = JsonPatch.Apply(target, patch);
        }
        catch (PatchException error)
        {
            throw ApiErrors.Internal(error.Message);
        }

        if (isObject)
        {
            patched["apiVersion"] = resource.ApiVersion;
            semantics.Reshape(resource, patched);
        }

        return JsonNode.DeepEquals(patched, before) ? before : patched;
    }

    private async Task<AdmissionAnswer?> CallAsync(Webhook webhook, ResourceDefinition seen, AdmissionAttributes attributes, bool mayPatch)
    {
        if (attributes.DryRun && !webhook.HasNoSideEffects)
        {
            throw ApiErrors.BadRequest($"admission webhook \"{webhook.Name}\" does not support dry run");
        }

        var uid = Guid.NewGuid().ToString();
        AdmissionAnswer answer;
        try
        {
            var body = await client.PostAsync(webhook, AdmissionReview.Ask(attributes, seen, uid), attributes.Request.Aborted);
            answer = AdmissionReview.Read(body, uid, mayPatch);
        }
        catch (WebhookException error)
        {
            return webhook.FailsClosed ? throw ApiErrors.Internal($"failed calling webhook \"{webhook.Name}\": {error.Message}") : null;
        }

        lock (attributes.Request.Warnings)
        {
            attributes.Request.Warnings.AddRange(answer.Warnings);
        }

        return answer.IsAllowed ? answer : throw Refused(webhook, answer.Status);
    }

    private static ApiException Refused(Webhook webhook, JsonObject? status)
    {
        var refused = $"admission webhook \"{webhook.Name}\" denied the request";
        var reason = status?["reason"].AsText();
        var message = status?["message"].AsText() is { Length: > 0 } text ? $"{refused}: {text}"
            : reason is { Length: > 0 } ? $"{refused}: {reason}"
            : $"{refused} without explanation";
        var code = status?["code"].AsWhole() ?? 0;
        return new ApiException(code < 400 ? 400 : (int)code, message, reason, status?["details"]?.DeepClone() as JsonObject);
    }

    /// <summary>The version in which the webhook wants to see the object; null where it does not want to see it.</summary>
    private ResourceDefinition? Match(Webhook webhook, AdmissionAttributes attributes)
    {
        var resource = attributes.Request.Resource;
        var seen = webhook.Rules.Any(r => r.Matches(attributes.Operation, resource, attributes.Subresource)) ? resource
            : webhook.MatchesEquivalent && resource.IsCustom ? Equivalent(webhook, attributes, resource)
            : null;
        return seen is not null && MatchesNamespace(webhook, attributes) && MatchesObject(webhook, attributes) && MatchesConditions(webhook, attributes, seen) ? seen : null;
    }

    private ResourceDefinition? Equivalent(Webhook webhook, AdmissionAttributes attributes, ResourceDefinition resource) => registry.All.Find(other =>
        other.Storage == resource.Storage && other.Version != resource.Version && webhook.Rules.Any(r => r.Matches(attributes.Operation, other, attributes.Subresource)));

    private bool MatchesNamespace(Webhook webhook, AdmissionAttributes attributes)
    {
        if (webhook.Namespaces.IsEmpty)
        {
            return true;
        }

        if (attributes.Request.Resource.Storage == Namespaces)
        {
            return webhook.Namespaces.Matches(attributes.Object ?? attributes.Old!);
        }

        return attributes.Namespace.Length == 0 || (store.Get(Namespaces, "", attributes.Namespace) is { } ns && webhook.Namespaces.Matches(ns.Value));
    }

    private static bool MatchesObject(Webhook webhook, AdmissionAttributes attributes) =>
        webhook.Objects.IsEmpty
        || (attributes.Object is { } value && webhook.Objects.Matches(value))
        || (attributes.Old is { } old && webhook.Objects.Matches(old));

    private static bool MatchesConditions(Webhook webhook, AdmissionAttributes attributes, ResourceDefinition seen)
    {
        if (webhook.Conditions.Count == 0)
        {
            return true;
        }

        var evaluator = new CelEvaluator(ConditionBudget);
        evaluator.Set("object", CelValues.From(attributes.Object, ResourceSchema.Any));
        evaluator.Set("oldObject", CelValues.From(attributes.Old, ResourceSchema.Any));
        evaluator.Set("request", CelValues.From(AdmissionReview.Ask(attributes, seen, "")["request"], ResourceSchema.Any));
        foreach (var (name, expression) in webhook.Conditions)
        {
            try
            {
                if (evaluator.Evaluate(expression) is not true)
                {
                    return false;
                }
            }
            catch (CelException error)
            {
                return webhook.FailsClosed
                    ? throw ApiErrors.Forbidden(attributes.Request.Resource.Group, attributes.Request.Resource.Plural, attributes.Name,
                        $"failed evaluating match condition \"{name}\" of webhook \"{webhook.Name}\": {error.Message}")
                    : false;
            }
        }

        return true;
    }
}
