using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>The parts of metadata that the server owns.</summary>
internal static class Metadata
{
    private const string NameAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int MaxGeneratedBase = 58;

    /// <summary>The metadata object; made when it is missing.</summary>
    public static JsonObject Of(JsonObject value)
    {
        if (value["metadata"] is JsonObject present)
        {
            return present;
        }

        var made = new JsonObject();
        value["metadata"] = made;
        return made;
    }

    public static string Text(JsonObject value, string name) =>
        (value["metadata"] as JsonObject)?[name] is JsonValue text && text.TryGetValue(out string? s) ? s : "";

    public static bool IsDeleting(JsonObject value) => Text(value, "deletionTimestamp").Length > 0;

    public static IReadOnlyList<string> Finalizers(JsonObject value) =>
        value["metadata"]?["finalizers"] is JsonArray list ? [.. list.Select(f => f?.ToString() ?? "")] : [];

    public static string RandomSuffix(int length = 5) => RandomNumberGenerator.GetString(NameAlphabet, length);

    public static string Generate(string prefix) =>
        (prefix.Length > MaxGeneratedBase ? prefix[..MaxGeneratedBase] : prefix) + RandomSuffix();

    /// <summary>Takes over from the live object what a client may not change, and refuses what it tries to.</summary>
    /// <param name="isPatch">A patch that changes the uid is invalid; a put that does so conflicts.</param>
    public static void PrepareForUpdate(ResourceRequest request, JsonObject updated, JsonObject live, bool isPatch)
    {
        var resource = request.Resource;
        var metadata = Of(updated);
        var old = Of(live);
        var name = Text(updated, "name");
        if (name.Length == 0)
        {
            metadata["name"] = request.Name;
        }
        else if (name != request.Name)
        {
            throw ApiErrors.BadRequest($"the name of the object ({name}) does not match the name on the URL ({request.Name})");
        }

        CheckNamespace(request, updated);
        var uid = Text(updated, "uid");
        var liveUid = Text(live, "uid");
        if (uid.Length > 0 && uid != liveUid)
        {
            if (isPatch)
            {
                var cause = new StatusCause("FieldValueInvalid", $"Invalid value: \"{uid}\": field is immutable", "metadata.uid");
                throw ApiErrors.Invalid(ObjectSemantics.ErrorGroup(resource), resource.Kind, request.Name, [cause, cause]);
            }

            var key = resource.Namespaced ? $"{request.Namespace}/{request.Name}" : request.Name;
            var folder = resource.Group.Length == 0 || !resource.IsCustom ? resource.Plural : $"{resource.Group}/{resource.Plural}";
            throw ApiErrors.Conflict(resource.Group, resource.Plural, request.Name,
                $"StorageError: invalid object, Code: 4, Key: /registry/{folder}/{key}, ResourceVersion: 0, AdditionalErrorMsg: "
                + $"Precondition failed: UID in precondition: {uid}, UID in object meta: {liveUid}");
        }

        foreach (var kept in (string[])["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"])
        {
            if (old[kept] is { } value)
            {
                metadata[kept] = value.DeepClone();
            }
            else
            {
                metadata.Remove(kept);
            }
        }

        metadata.Remove("selfLink");
        if (IsDeleting(live))
        {
            var added = Finalizers(updated).Except(Finalizers(live)).ToList();
            if (added.Count > 0)
            {
                var shown = string.Join(", ", added.Select(f => $"\"{f}\""));
                throw ApiErrors.Invalid(ObjectSemantics.ErrorGroup(resource), resource.Kind, request.Name, [new StatusCause("FieldValueForbidden",
                    $"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{shown}}}",
                    "metadata.finalizers")]);
            }
        }
    }

    /// <summary>Sets the namespace of the path, or refuses a body of another one.</summary>
    public static void CheckNamespace(ResourceRequest request, JsonObject value)
    {
        var named = Text(value, "namespace");
        if (!request.Resource.Namespaced)
        {
            if (named.Length > 0)
            {
                Of(value).Remove("namespace");
            }
        }
        else if (named.Length == 0)
        {
            Of(value)["namespace"] = request.Namespace;
        }
        else if (named != request.Namespace)
        {
            throw ApiErrors.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
    }
}
