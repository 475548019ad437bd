using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>The errors of a Kubernetes API server, word for word: clients match on reasons and people on messages.</summary>
internal static class ApiErrors
{
    public static ApiException NotFound(ResourceDefinition resource, string name) => NotFound(resource.Group, resource.Plural, name);

    public static ApiException NotFound(string group, string plural, string name) =>
        new(404, $"{Qualified(plural, group)} \"{name}\" not found", "NotFound", Details(name, group, plural));

    /// <summary>A path under a known group that leads nowhere.</summary>
    public static ApiException NoSuchResource() =>
        new(404, "the server could not find the requested resource", "NotFound", []);

    public static ApiException AlreadyExists(ResourceDefinition resource, string name) =>
        new(409, $"{resource.QualifiedPlural} \"{name}\" already exists", "AlreadyExists", Details(name, resource.Group, resource.Plural));

    public static ApiException Modified(ResourceDefinition resource, string name) => Conflict(
        resource.Group, resource.Plural, name,
        "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException Conflict(string group, string plural, string name, string why) =>
        new(409, $"Operation cannot be fulfilled on {Qualified(plural, group)} \"{name}\": {why}", "Conflict", Details(name, group, plural));

    public static ApiException BadRequest(string message) => new(400, message, "BadRequest", null);

    public static ApiException Forbidden(string group, string plural, string name, string why, params StatusCause[] causes)
    {
        var details = Details(name, group, plural);
        AddCauses(details, causes);
        var subject = name.Length == 0 ? Qualified(plural, group) : $"{Qualified(plural, group)} \"{name}\"";
        return new ApiException(403, $"{subject} is forbidden: {why}", "Forbidden", details);
    }

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized", null);

    public static ApiException MethodNotAllowed() =>
        new(405, "the server does not allow this method on the requested resource", "MethodNotAllowed", []);

    /// <param name="kind">The Kind; empty for a patch that fails strict decoding.</param>
    public static ApiException Invalid(string group, string kind, string name, IReadOnlyList<StatusCause> causes)
    {
        var details = Details(name, group, kind);
        AddCauses(details, causes);
        var texts = causes.Select(c => c.Field is null ? c.Message : $"{c.Field}: {c.Message}").Distinct().ToList();
        var text = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        return new ApiException(422, $"{Qualified(kind, group)} \"{name}\" is invalid: {text}", "Invalid", details);
    }

    /// <summary>What a JSON patch that cannot be applied is answered.</summary>
    public static ApiException Unprocessable() =>
        new(422, "the server rejected our request due to an error in our request", "Invalid", []);

    /// <summary>An error that a real server lets through unmapped: 500 without a reason.</summary>
    public static ApiException Unmapped(string message) => new(500, message, null, null);

    public static ApiException Internal(string message) => new(
        500, $"Internal error occurred: {message}", "InternalError", new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = message }) });

    public static ApiException EntityTooLarge(string why) =>
        new(413, $"Request entity too large: {why}", "RequestEntityTooLarge", null);

    public static ApiException UnsupportedMediaType(string message, bool withDetails = false) =>
        new(415, message, "UnsupportedMediaType", withDetails ? [] : null);

    private static JsonObject Details(string name, string group, string kind)
    {
        var details = new JsonObject();
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        if (kind.Length > 0)
        {
            details["kind"] = kind;
        }

        return details;
    }

    private static void AddCauses(JsonObject details, IReadOnlyList<StatusCause> causes)
    {
        if (causes.Count == 0)
        {
            return;
        }

        var list = new JsonArray();
        foreach (var cause in causes)
        {
            var entry = new JsonObject();
            if (cause.Reason is not null)
            {
                entry["reason"] = cause.Reason;
            }

            entry["message"] = cause.Message;
            if (cause.Field is not null)
            {
                entry["field"] = cause.Field;
            }

            list.Add((JsonNode)entry);
        }

        details["causes"] = list;
    }

    private static string Qualified(string name, string group) => group.Length == 0 ? name : $"{name}.{group}";
}
