using System.Text;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>The rules for metadata, which all kinds share.</summary>
internal static class MetadataValidator
{
    private const int MaximumAnnotationBytes = 256 * 1024;

    private static readonly string[] OwnerFields = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];

    /// <param name="obj">The object.</param>
    /// <param name="old">The stored object on update.</param>
    /// <param name="nameRule">Why a name does not fit the kind.</param>
    public static IEnumerable<FieldError> Validate(JsonObject obj, JsonObject? old, Func<string, IEnumerable<string>> nameRule)
    {
        var metadata = obj["metadata"] as JsonObject ?? [];
        var name = metadata["name"].AsText() ?? "";
        var generate = metadata["generateName"].AsText() ?? "";
        if (generate.Length > 0 && old is null)
        {
            // The suffix is letters and digits, so that a trailing dash or dot of the prefix is fine.
            foreach (var error in nameRule(generate.TrimEnd('-', '.') is { Length: > 0 } prefix ? prefix : generate))
            {
                yield return FieldError.Invalid("metadata.generateName", JsonValues.Quote(generate), error);
            }
        }

        if (name.Length == 0)
        {
            yield return FieldError.Required("metadata.name", "name or generateName is required");
        }
        else if (old is null)
        {
            foreach (var error in nameRule(name))
            {
                yield return FieldError.Invalid("metadata.name", JsonValues.Quote(name), error);
            }
        }

        foreach (var error in Labels(metadata["labels"], "metadata.labels").Concat(Annotations(metadata["annotations"], "metadata.annotations")))
        {
            yield return error;
        }

        foreach (var finalizer in (metadata["finalizers"] as JsonArray ?? []).Select(f => f.AsText() ?? ""))
        {
            foreach (var error in NameRules.QualifiedNameErrors(finalizer))
            {
                yield return FieldError.Invalid("metadata.finalizers", JsonValues.Quote(finalizer), error);
            }
        }

        foreach (var error in Owners(metadata["ownerReferences"] as JsonArray ?? []))
        {
            yield return error;
        }

        if (old?["metadata"] is JsonObject before)
        {
            foreach (var error in Immutables(obj, old).Concat(Finalizers(metadata, before)))
            {
                yield return error;
            }
        }
    }

    /// <summary>The parts of metadata that never change.</summary>
    public static IEnumerable<FieldError> Immutables(JsonObject obj, JsonObject old)
    {
        foreach (var name in new[] { "name", "namespace", "uid", "creationTimestamp" })
        {
            var value = obj.At("metadata", name);
            if (!value.SameAs(old.At("metadata", name)))
            {
                yield return FieldError.Invalid($"metadata.{name}", value.Print(), "field is immutable");
            }
        }
    }

    public static IEnumerable<FieldError> Labels(JsonNode? labels, string path)
    {
        foreach (var (key, value) in labels as JsonObject ?? [])
        {
            foreach (var error in NameRules.QualifiedNameErrors(key))
            {
                yield return FieldError.Invalid(path, JsonValues.Quote(key), error);
            }

            foreach (var error in NameRules.LabelValueErrors(value.AsText() ?? ""))
            {
                yield return FieldError.Invalid(path, JsonValues.Quote(value.AsText() ?? ""), error);
            }
        }
    }

    public static IEnumerable<FieldError> Annotations(JsonNode? annotations, string path)
    {
        long total = 0;
        foreach (var (key, value) in annotations as JsonObject ?? [])
        {
            foreach (var error in NameRules.QualifiedNameErrors(key.ToLowerInvariant()))
            {
                yield return FieldError.Invalid(path, JsonValues.Quote(key), error);
            }

            total += Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value.AsText() ?? "");
        }

        if (total > MaximumAnnotationBytes)
        {
            yield return FieldError.TooLong(path, MaximumAnnotationBytes);
        }
    }

    private static IEnumerable<FieldError> Owners(JsonArray owners)
    {
        var controllers = new List<string>();
        for (var i = 0; i < owners.Count; i++)
        {
            // The server names the list, not the item.
            foreach (var name in new[] { "apiVersion", "kind", "name", "uid" })
            {
                if (owners[i]?[name].AsText() is null or "")
                {
                    yield return FieldError.Invalid($"metadata.ownerReferences.{name}", "\"\"", name == "apiVersion" ? "version must not be empty" : "must not be empty");
                }
            }

            if (owners[i]?["controller"].IsTrue() == true)
            {
                controllers.Add($"{owners[i]!["kind"].AsText()} {owners[i]!["name"].AsText()}");
            }
        }

        if (controllers.Count > 1)
        {
            yield return FieldError.Invalid("metadata.ownerReferences", PrintOwners(owners),
                $"Only one reference can have Controller set to true. Found \"true\" in references for {controllers[0].Replace(' ', '/')} and {controllers[1].Replace(' ', '/')}");
        }
    }

    /// <summary>In the order of the server's own fields.</summary>
    private static string PrintOwners(JsonArray owners) =>
        "[" + string.Join(",", owners.Select(owner => "{" + string.Join(",", OwnerFields
            .Where(field => owner?[field] is not null)
            .Select(field => $"\"{field}\":{owner![field].Print()}")) + "}")) + "]";

    private static IEnumerable<FieldError> Finalizers(JsonObject metadata, JsonObject before)
    {
        if (before["deletionTimestamp"] is not null)
        {
            var known = (before["finalizers"] as JsonArray ?? []).Select(f => f.AsText()).ToHashSet(StringComparer.Ordinal);
            var added = (metadata["finalizers"] as JsonArray ?? []).Select(f => f.AsText()).Where(f => !known.Contains(f)).ToList();
            if (added.Count > 0)
            {
                yield return FieldError.Forbidden("metadata.finalizers",
                    "no new finalizers can be added if the object is being deleted, found new finalizers []string{" + string.Join(", ", added.Select(f => JsonValues.Quote(f!))) + "}");
            }
        }
    }
}
