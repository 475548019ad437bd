using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Authentication;
using Octavo.LocalCluster.ApiServer.Authorization;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.ServerSideApply;

namespace Octavo.LocalCluster.ApiServer.Subresources;

/// <summary>Reviews are questions in the form of objects: who am I, whose token is this, may I do that.</summary>
internal sealed class ReviewHandler(
    ApiServerCore core, AnswerWriter answers, ObjectSemantics semantics, Authenticator authenticator, ServiceAccountTokens tokens, Authorizer authorizer)
{
    public static bool Handles(ResourceDefinition resource) => resource.Group is "authentication.k8s.io" or "authorization.k8s.io";

    public async Task CreateAsync(ResourceRequest request)
    {
        var resource = request.Resource;
        var body = await BodyReader.ReadObjectAsync(request.Http, resource.Kind);
        var value = ObjectDecoder.CheckKind(core.Registry, resource, resource.ApiVersion, resource.Kind, body);
        var spec = value["spec"] as JsonObject ?? [];
        var metadata = new JsonObject();
        var status = resource.Kind switch
        {
            "SelfSubjectReview" => Self(request, metadata),
            "TokenReview" => Token(spec),
            "SelfSubjectRulesReview" => Rules(request, spec),
            _ => Access(request, spec),
        };
        var answer = new JsonObject { ["kind"] = resource.Kind, ["apiVersion"] = resource.ApiVersion, ["metadata"] = metadata };
        if (resource.Kind != "SelfSubjectReview" && value["spec"] is not null)
        {
            answer["spec"] = spec.DeepClone();
        }

        // Reviews are never stored, and yet say who wrote them.
        FieldManager.TrackUpdate(semantics.SchemaOf(resource), null, answer, request.FieldManager, "", resource.ApiVersion, core.Time.GetUtcNow());
        answer["status"] = status;
        await answers.WriteObjectAsync(request, 201, answer);
    }

    private JsonObject Self(ResourceRequest request, JsonObject metadata)
    {
        metadata["creationTimestamp"] = core.Timestamp();
        return new JsonObject { ["userInfo"] = Describe(request.User) };
    }

    private JsonObject Token(JsonObject spec)
    {
        var token = spec["token"]?.ToString() ?? "";
        if (token.Length == 0)
        {
            throw ApiErrors.BadRequest("token is required for TokenReview in authentication");
        }

        var audiences = (spec["audiences"] as JsonArray ?? []).Select(a => a!.ToString()).ToList();
        var user = tokens.Verify(token, audiences, out var error);
        if (user is null && error.Length == 0 && audiences.Count == 0)
        {
            user = authenticator.FindToken(token);
        }

        if (user is null)
        {
            var why = error.Length == 0 ? "invalid bearer token" : $"[invalid bearer token, {error}]";
            return new JsonObject { ["user"] = new JsonObject(), ["error"] = why };
        }

        return new JsonObject
        {
            ["authenticated"] = true,
            ["user"] = Describe(user),
            ["audiences"] = new JsonArray(audiences.Count > 0 ? [.. audiences.Select(a => (JsonNode)a)] : [(JsonNode)ServiceAccountTokens.Audience]),
        };
    }

    private JsonObject Rules(ResourceRequest request, JsonObject spec)
    {
        var ns = spec["namespace"]?.ToString() ?? "";
        var rules = authorizer.RulesFor(request.User, ns).ToList();
        if (core.Options.Authorization == AuthorizationMode.AlwaysAllow || request.User.Groups.Contains("system:masters"))
        {
            rules.Insert(0, new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") });
            rules.Insert(1, new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") });
        }

        return new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. rules.Where(r => r["resources"] is not null).Select(r => r.DeepClone())]),
            ["nonResourceRules"] = new JsonArray([.. rules.Where(r => r["nonResourceURLs"] is not null).Select(r => r.DeepClone())]),
            ["incomplete"] = false,
        };
    }

    private JsonObject Access(ResourceRequest request, JsonObject spec)
    {
        var isSelf = request.Resource.Kind == "SelfSubjectAccessReview";
        var resource = spec["resourceAttributes"] as JsonObject;
        var path = spec["nonResourceAttributes"] as JsonObject;
        CheckSpec(request, spec, resource, path, isSelf);
        var user = isSelf ? request.User : new UserInfo(
            spec["user"]?.ToString() ?? "", spec["uid"]?.ToString() ?? "", [.. (spec["groups"] as JsonArray ?? []).Select(g => g!.ToString())]);
        AccessQuery query;
        if (path is not null)
        {
            query = new AccessQuery(user, Text(path, "verb"), "", "", "", "", Text(path, "path"));
        }
        else
        {
            var name = Text(resource!, "resource");
            var subresource = Text(resource!, "subresource");
            query = new AccessQuery(
                user, Text(resource!, "verb"), Text(resource!, "group"), subresource.Length == 0 ? name : $"{name}/{subresource}",
                Text(resource!, "namespace"), Text(resource!, "name"));
        }

        return new JsonObject { ["allowed"] = authorizer.IsAllowed(query) };
    }

    private static void CheckSpec(ResourceRequest request, JsonObject spec, JsonObject? resource, JsonObject? path, bool isSelf)
    {
        var causes = new List<StatusCause>();
        if (resource is null == path is null)
        {
            causes.Add(new StatusCause(
                "FieldValueInvalid", "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
                "spec.resourceAttributes"));
        }

        if (!isSelf && Text(spec, "user").Length == 0 && spec["groups"] is not JsonArray { Count: > 0 })
        {
            causes.Add(new StatusCause("FieldValueInvalid", "Invalid value: \"\": at least one of user or group must be specified", "spec.user"));
        }

        if (request.Resource.Namespaced && resource is not null && Text(resource, "namespace") is var ns && ns != request.Namespace)
        {
            causes.Add(new StatusCause("FieldValueInvalid", $"Invalid value: \"{ns}\": must match metadata.namespace", "spec.resourceAttributes.namespace"));
        }

        if (causes.Count > 0)
        {
            throw ApiErrors.Invalid(request.Resource.Group, "", "", causes);
        }
    }

    private static JsonObject Describe(UserInfo user)
    {
        var result = new JsonObject { ["username"] = user.Name };
        if (user.Uid.Length > 0)
        {
            result["uid"] = user.Uid;
        }

        result["groups"] = new JsonArray([.. user.Groups.Select(g => (JsonNode)g)]);
        if (user.Extra.Count > 0)
        {
            result["extra"] = new JsonObject(user.Extra.Select(e => new KeyValuePair<string, JsonNode?>(e.Key, new JsonArray((JsonNode)e.Value))));
        }

        return result;
    }

    private static string Text(JsonObject map, string name) => map[name]?.ToString() ?? "";
}
