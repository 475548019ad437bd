using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Authentication;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Admission.Webhooks;

/// <summary>What is asked of a webhook, and how its answer is read. Pure.</summary>
internal static class AdmissionReview
{
    public const string ApiVersion = "admission.k8s.io/v1";

    /// <param name="seen">The version of the resource that the webhook's rules name, which with matchPolicy Equivalent may be another than the request's.</param>
    public static JsonObject Ask(AdmissionAttributes attributes, ResourceDefinition seen, string uid)
    {
        var request = attributes.Request;
        var (group, version, kind) = attributes.Kind;
        var isObject = group == request.Resource.Group && kind == request.Resource.Kind;
        var asked = new JsonObject
        {
            ["uid"] = uid,
            ["kind"] = Kind(group, isObject ? seen.Version : version, kind),
            ["resource"] = Resource(seen),
        };
        AddText(asked, "subResource", attributes.Subresource);
        asked["requestKind"] = Kind(group, version, kind);
        asked["requestResource"] = Resource(request.Resource);
        AddText(asked, "requestSubResource", attributes.Subresource);
        AddText(asked, "name", attributes.Name);
        AddText(asked, "namespace", attributes.Namespace);
        asked["operation"] = attributes.Operation;
        asked["userInfo"] = User(request.User);
        asked["object"] = Shown(attributes.Object, isObject ? seen : null);
        asked["oldObject"] = Shown(attributes.Old, isObject ? seen : null);
        asked["dryRun"] = attributes.DryRun;
        asked["options"] = Options(attributes);
        return new JsonObject { ["kind"] = "AdmissionReview", ["apiVersion"] = ApiVersion, ["request"] = asked };
    }

    /// <exception cref="WebhookException">The answer is none.</exception>
    public static AdmissionAnswer Read(JsonNode? body, string uid, bool mayPatch)
    {
        if (body is not JsonObject review || review["response"] is not JsonObject response)
        {
            throw new WebhookException("webhook response was absent");
        }

        if (review["apiVersion"]?.ToString() != ApiVersion || review["kind"]?.ToString() != "AdmissionReview")
        {
            throw Invalid($"expected webhook response of {ApiVersion}, Kind=AdmissionReview, got {review["apiVersion"]}, Kind={review["kind"]}");
        }

        if (response["uid"]?.ToString() != uid)
        {
            throw Invalid($"expected response.uid=\"{uid}\", got \"{response["uid"]}\"");
        }

        var type = response["patchType"]?.ToString();
        var patch = response["patch"]?.ToString();
        if (!mayPatch && (type is not null || patch is not null))
        {
            throw Invalid(type is not null ? "response.patchType is not allowed: only mutating webhooks patch" : "response.patch is not allowed: only mutating webhooks patch");
        }

        if (patch is not null && type != "JSONPatch")
        {
            throw Invalid(type is null ? "webhook returned response.patch but not response.patchType" : $"webhook returned invalid response.patchType of \"{type}\"");
        }

        if (type is not null && patch is null)
        {
            throw Invalid("webhook returned response.patchType but not response.patch");
        }

        return new AdmissionAnswer(
            response["allowed"] is JsonValue allowed && allowed.TryGetValue(out bool yes) && yes,
            response["status"] as JsonObject,
            patch is null ? null : Decode(patch),
            [.. (response["warnings"] as JsonArray ?? []).Select(w => w!.ToString())]);
    }

    private static JsonNode? Decode(string patch)
    {
        try
        {
            return JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(patch)));
        }
        catch (Exception error) when (error is FormatException or JsonException)
        {
            throw Invalid($"response.patch: {error.Message}");
        }
    }

    private static WebhookException Invalid(string why) => new($"received invalid webhook response: {why}");

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonObject Resource(ResourceDefinition resource) => new() { ["group"] = resource.Group, ["version"] = resource.Version, ["resource"] = resource.Plural };

    private static void AddText(JsonObject target, string name, string text)
    {
        if (text.Length > 0)
        {
            target[name] = text;
        }
    }

    /// <summary>Versions of a custom resource differ in apiVersion alone.</summary>
    private static JsonNode? Shown(JsonObject? value, ResourceDefinition? seen)
    {
        var copy = value?.DeepClone();
        if (copy is not null && seen is not null)
        {
            copy["apiVersion"] = seen.ApiVersion;
        }

        return copy;
    }

    private static JsonObject User(UserInfo user)
    {
        var info = new JsonObject { ["username"] = user.Name };
        AddText(info, "uid", user.Uid);
        info["groups"] = new JsonArray([.. user.Groups.Select(g => (JsonNode)g)]);
        if (user.Extra.Count > 0)
        {
            info["extra"] = new JsonObject(user.Extra.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)new JsonArray(e.Value))));
        }

        return info;
    }

    private static JsonObject Options(AdmissionAttributes attributes)
    {
        var request = attributes.Request;
        var method = request.Http.Request.Method;
        var options = new JsonObject
        {
            ["kind"] = attributes.Operation == "DELETE" ? "DeleteOptions" : HttpMethods.IsPatch(method) ? "PatchOptions" : attributes.Operation == "CREATE" ? "CreateOptions" : "UpdateOptions",
            ["apiVersion"] = "meta.k8s.io/v1",
        };
        foreach (var name in (string[])["fieldManager", "fieldValidation"])
        {
            if (request.Query(name) is { Length: > 0 } value)
            {
                options[name] = value;
            }
        }

        if (request.Flag("force") is { } force)
        {
            options["force"] = force;
        }

        if (attributes.DryRun)
        {
            options["dryRun"] = new JsonArray("All");
        }

        return options;
    }
}
