using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>Checks that a body is of the kind that the URL asks for.</summary>
internal static class ObjectDecoder
{
    private const string Scheme = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30";

    /// <summary>Sets apiVersion and kind where a built-in object leaves them out.</summary>
    /// <exception cref="ApiException">400: another kind or version.</exception>
    public static JsonObject CheckKind(ResourceRegistry registry, ResourceDefinition resource, string expectedApiVersion, string expectedKind, JsonBody source)
    {
        var body = (JsonObject)source.Node!;
        var apiVersion = Text(body, "apiVersion", expectedKind);
        var kind = Text(body, "kind", expectedKind);
        if (resource.IsCustom && expectedKind == resource.Kind)
        {
            CheckCustom(resource, source.Text ?? body.ToJsonString(), apiVersion, kind);
            return body;
        }

        apiVersion = apiVersion.Length == 0 ? expectedApiVersion : apiVersion;
        kind = kind.Length == 0 ? expectedKind : kind;
        if (apiVersion != expectedApiVersion || kind != expectedKind)
        {
            var (group, version) = Split(apiVersion);
            var why = registry.FindKind(group, version, kind) is { IsCustom: false } other
                ? $"converting ({GoPackage(apiVersion)}.{other.Kind}) to ({Internal(resource.Group)}.{expectedKind}): unknown conversion"
                : $"no kind \"{kind}\" is registered for version \"{apiVersion}\" in scheme \"{Scheme}\"";

            // The version is the one of the body when it is of the path's group, and the path's otherwise.
            var shown = group == resource.Group ? version : resource.Version;
            throw ApiErrors.BadRequest($"{kind} in version \"{shown}\" cannot be handled as a {expectedKind}: {why}");
        }

        body["apiVersion"] = apiVersion;
        body["kind"] = kind;
        return body;
    }

    private static void CheckCustom(ResourceDefinition resource, string text, string apiVersion, string kind)
    {
        if (kind.Length == 0)
        {
            throw ApiErrors.BadRequest($"the object provided is unrecognized (must be of type {resource.Kind}): Object 'Kind' is missing in '{text}' ({Shorten(text)})");
        }

        if (apiVersion != resource.ApiVersion)
        {
            throw ApiErrors.BadRequest(
                $"the API version in the data ({(apiVersion.Length == 0 ? "/" : apiVersion)}) does not match the expected API version ({resource.ApiVersion})");
        }

        // Another kind is left to validation, which says so beside what else is wrong.
    }

    private static string Text(JsonObject body, string name, string kind) => body[name] switch
    {
        null => "",
        JsonValue value when value.TryGetValue(out string? text) => text,
        var other => throw ApiErrors.BadRequest(
            $"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: json: cannot unmarshal "
            + $"{other.GoKind()} into Go struct field .{name} of type string ({Shorten(body.ToJsonString())})"),
    };

    private static string Shorten(string text) => text.Length > 30 ? text[..30] + " ..." : text;

    private static (string Group, string Version) Split(string apiVersion)
    {
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? ("", apiVersion) : (apiVersion[..slash], apiVersion[(slash + 1)..]);
    }

    private static string GoPackage(string apiVersion) => Split(apiVersion).Version;

    private static string Internal(string group)
    {
        var dot = group.IndexOf('.', StringComparison.Ordinal);
        return group.Length == 0 ? "core" : dot < 0 ? group : group[..dot];
    }
}
