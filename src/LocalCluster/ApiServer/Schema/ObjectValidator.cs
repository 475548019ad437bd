using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.CustomResources;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Says what is wrong with an object that was decoded and defaulted.</summary>
internal static class ObjectValidator
{
    /// <param name="kind">The object's Kind as the URL gives it.</param>
    /// <param name="schema">The schema of that kind.</param>
    /// <param name="obj">The object after defaulting.</param>
    /// <param name="old">The stored object on update; null on create.</param>
    /// <returns>The causes of the 422, none if the object is valid.</returns>
    public static IReadOnlyList<FieldError> Validate(string kind, ResourceSchema schema, JsonObject obj, JsonObject? old)
    {
        var errors = new List<FieldError>();
        if (!schema.IsBuiltIn)
        {
            errors.AddRange(CustomResourceValidator.Validate(schema, obj, old));
        }
        else if (kind == "CustomResourceDefinition")
        {
            errors.AddRange(CustomResourceValidator.ValidateDefinition(obj, old));
        }
        else
        {
            errors.AddRange(MetadataValidator.Validate(obj, old, NameRule(kind)));
            errors.AddRange(BuiltInRules.Validate(kind, obj, old));
            Enumerations(schema, obj, old, "", errors);
        }

        if (old is not null)
        {
            // The real server checks metadata before the kind's own rules and again with them.
            errors.InsertRange(0, MetadataValidator.Immutables(obj, old));
        }

        return errors;
    }

    private static Func<string, IEnumerable<string>> NameRule(string kind) => kind switch
    {
        "Namespace" => NameRules.LabelErrors,
        "Service" => NameRules.Label1035Errors,
        "Role" or "ClusterRole" or "RoleBinding" or "ClusterRoleBinding" => NameRules.PathSegmentErrors,
        _ => NameRules.SubdomainErrors,
    };

    /// <summary>Values of fields whose type is an enumeration; what did not change is not checked again.</summary>
    private static void Enumerations(ResourceSchema schema, JsonNode? value, JsonNode? old, string path, List<FieldError> errors)
    {
        if (value is null || (old is not null && value.SameAs(old)))
        {
            return;
        }

        switch (value)
        {
            case JsonObject obj:
                foreach (var (name, item) in obj)
                {
                    if (path.Length == 0 && name is "metadata" or "status")
                    {
                        continue;
                    }

                    if (schema.Field(name) is { } field)
                    {
                        Enumerations(field, item, old.At(name), path.Length == 0 ? name : $"{path}.{name}", errors);
                    }
                }

                break;
            case JsonArray list when schema.Items is { } items:
                for (var i = 0; i < list.Count; i++)
                {
                    Enumerations(items, list[i], null, path + "[" + i.ToString(CultureInfo.InvariantCulture) + "]", errors);
                }

                break;
            case JsonValue when schema.Source["enum"] is JsonArray allowed && value.Kind() == JsonValueKind.String && !allowed.Any(a => a.SameAs(value)) && !errors.Exists(e => e.Field == path):
                errors.Add(FieldError.NotSupported(path, value.Print(), Supported(path, allowed)));
                break;
        }
    }

    private static IEnumerable<string> Supported(string path, JsonArray allowed) =>
        path.EndsWith(".restartPolicy", StringComparison.Ordinal) && allowed.Count == 3
            ? ["\"Always\"", "\"OnFailure\"", "\"Never\""]
            : allowed.Select(a => a.AsText() ?? "").Where(a => a.Length > 0).Order(StringComparer.Ordinal).Select(JsonValues.Quote);
}
