using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Authentication;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Rest;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.ServerSideApply;

namespace Octavo.LocalCluster.ApiServer.Subresources;

/// <summary>serviceaccounts/token: issues a bearer token.</summary>
internal sealed class TokenRequestHandler(ApiServerCore core, AnswerWriter answers, ObjectSemantics semantics, ReadHandler reads, ServiceAccountTokens tokens)
{
    private const long DefaultSeconds = 3600;
    private const long MinSeconds = 600;

    public async Task CreateAsync(ResourceRequest request)
    {
        var account = reads.Find(request).Value;
        var body = await BodyReader.ReadObjectAsync(request.Http, "TokenRequest");
        var value = ObjectDecoder.CheckKind(core.Registry, request.Resource, "authentication.k8s.io/v1", "TokenRequest", body);
        var spec = value["spec"] as JsonObject ?? [];
        var seconds = spec["expirationSeconds"].AsWhole() ?? DefaultSeconds;
        if (seconds < MinSeconds)
        {
            throw ApiErrors.Invalid("authentication.k8s.io", "TokenRequest", "", [new StatusCause(
                "FieldValueInvalid", $"Invalid value: {seconds}: may not specify a duration less than 10 minutes", "spec.expirationSeconds")]);
        }

        var audiences = (spec["audiences"] as JsonArray ?? []).Select(a => a!.ToString()).ToList();
        if (audiences.Count == 0)
        {
            audiences.Add(ServiceAccountTokens.Audience);
        }

        var uid = Metadata.Text(account, "uid");
        var lifetime = TimeSpan.FromSeconds(seconds);
        var token = tokens.Issue(request.Namespace, request.Name, uid, audiences, core.Time.GetUtcNow() + lifetime, spec["boundObjectRef"] as JsonObject);
        FieldManager.TrackUpdate(
            semantics.SchemaOf(request.Resource, "TokenRequest"), null, value, request.FieldManager, "token", "authentication.k8s.io/v1", core.Time.GetUtcNow());
        await answers.WriteObjectAsync(request, 201, new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = request.Name,
                ["namespace"] = request.Namespace,
                ["uid"] = uid,
                ["creationTimestamp"] = core.Timestamp(),
                ["managedFields"] = value["metadata"]?["managedFields"]?.DeepClone(),
            },
            ["spec"] = new JsonObject
            {
                ["audiences"] = new JsonArray([.. audiences.Select(a => (JsonNode)a)]),
                ["expirationSeconds"] = seconds,
                ["boundObjectRef"] = spec["boundObjectRef"]?.DeepClone(),
            },
            ["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = core.Timestamp(lifetime) },
        });
    }
}
