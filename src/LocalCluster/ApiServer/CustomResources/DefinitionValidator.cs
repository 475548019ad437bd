using System.Globalization;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Cel;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>The rules for CustomResourceDefinition objects: names, versions, subresources; schemas are checked by <see cref="StructuralSchemaRules"/>.</summary>
internal static class DefinitionValidator
{
    private static readonly string[] ColumnTypes = ["boolean", "date", "integer", "number", "string"];

    public static IReadOnlyList<FieldError> Validate(JsonObject definition, JsonObject? old)
    {
        var errors = new List<FieldError>();
        var spec = definition["spec"] as JsonObject ?? [];
        var group = spec["group"].AsText() ?? "";
        var name = definition.At("metadata", "name").AsText() ?? "";
        errors.AddRange(MetadataValidator.Validate(definition, old, NameRules.SubdomainErrors));
        Names(spec, errors);
        if (group.Length == 0)
        {
            errors.Add(FieldError.Required("spec.group"));
        }
        else
        {
            errors.AddRange(NameRules.SubdomainErrors(group).Select(e => FieldError.Invalid("spec.group", JsonValues.Quote(group), e)));
            if (!group.Contains('.', StringComparison.Ordinal))
            {
                errors.Add(FieldError.Invalid("spec.group", JsonValues.Quote(group), "should be a domain with at least one dot"));
            }
        }

        var expected = $"{spec.At("names", "plural").AsText()}.{group}";
        if (name.Length > 0 && name != expected)
        {
            errors.Add(FieldError.Invalid("metadata.name", JsonValues.Quote(name), "must be spec.names.plural+\".\"+spec.group"));
        }

        if (spec["scope"].AsText() is null or "")
        {
            errors.Add(FieldError.Required("spec.scope"));
        }
        else if (spec["scope"].AsText() is not ("Cluster" or "Namespaced"))
        {
            errors.Add(FieldError.NotSupported("spec.scope", spec["scope"].Print(), ["\"Cluster\"", "\"Namespaced\""]));
        }

        Versions(spec, errors);
        if (old is not null)
        {
            Immutable(definition, old, errors);
        }

        return errors;
    }

    private static void Names(JsonObject spec, List<FieldError> errors)
    {
        var names = spec["names"] as JsonObject ?? [];
        foreach (var part in new[] { "plural", "singular", "kind", "listKind" })
        {
            var value = names[part].AsText() ?? "";
            if (value.Length == 0)
            {
                if (part != "singular")
                {
                    errors.Add(FieldError.Required($"spec.names.{part}"));
                }

                continue;
            }

            foreach (var error in NameRules.Label1035Errors(value.ToLowerInvariant()).Concat(part is "plural" && value != value.ToLowerInvariant() ? NameRules.Label1035Errors(value) : []))
            {
                errors.Add(FieldError.Invalid($"spec.names.{part}", JsonValues.Quote(value), part is "kind" or "listKind" ? "may have mixed case, but should otherwise match: " + error : error));
            }
        }

        var shortNames = names["shortNames"] as JsonArray ?? [];
        for (var i = 0; i < shortNames.Count; i++)
        {
            foreach (var error in NameRules.Label1035Errors(shortNames[i].AsText() ?? ""))
            {
                errors.Add(FieldError.Invalid("spec.names.shortNames[" + i.ToString(CultureInfo.InvariantCulture) + "]", shortNames[i].Print(), error));
            }
        }

        if (names["kind"].AsText() is { Length: > 0 } kind && kind == names["listKind"].AsText())
        {
            errors.Add(FieldError.Invalid("spec.names.listKind", JsonValues.Quote(kind), "kind and listKind may not be the same"));
        }
    }

    private static void Versions(JsonObject spec, List<FieldError> errors)
    {
        var versions = (spec["versions"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        if (versions.Count == 0)
        {
            errors.Add(FieldError.Required("spec.versions", "must have at least one version"));
            return;
        }

        if (versions.Count(v => v["storage"].IsTrue()) != 1)
        {
            errors.Add(FieldError.Invalid("spec.versions", spec["versions"].Print(), "must have exactly one version marked as storage version"));
        }

        // One schema for all versions is validated once, where old definitions had it.
        var shared = versions.TrueForAll(v => v["schema"].SameAs(versions[0]["schema"]));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < versions.Count; i++)
        {
            var path = "spec.versions[" + i.ToString(CultureInfo.InvariantCulture) + "]";
            var name = versions[i]["name"].AsText() ?? "";
            errors.AddRange(NameRules.Label1035Errors(name).Select(e => FieldError.Invalid($"{path}.name", JsonValues.Quote(name), e)));
            if (!seen.Add(name))
            {
                errors.Add(FieldError.Invalid($"{path}.name", JsonValues.Quote(name), "must be unique"));
            }

            if (versions[i]["deprecationWarning"] is not null && !versions[i]["deprecated"].IsTrue())
            {
                errors.Add(FieldError.Invalid($"{path}.deprecationWarning", versions[i]["deprecationWarning"].Print(), "can only be set for deprecated versions"));
            }

            if (!shared || i == 0)
            {
                Schema(versions[i], shared ? "spec.validation.openAPIV3Schema" : $"{path}.schema.openAPIV3Schema", errors);
            }

            Columns(versions[i]["additionalPrinterColumns"] as JsonArray ?? [], $"{path}.additionalPrinterColumns", errors);
            Scale(versions[i].At("subresources", "scale"), $"{path}.subresources.scale", errors);
        }
    }

    private static void Schema(JsonObject version, string path, List<FieldError> errors)
    {
        if (version.At("schema", "openAPIV3Schema") is not JsonObject schema)
        {
            errors.Add(FieldError.Required(path, "schemas are required"));
            return;
        }

        var before = errors.Count;
        StructuralSchemaRules.Check(schema, path, errors);
        if (errors.Count > before)
        {
            return;
        }

        var root = ResourceSchema.FromStructural(schema, ResourceSchema.Any, "", "", "");
        foreach (var (place, index, rule, error) in CelRules.For(root).CompileErrors(path))
        {
            errors.Add(FieldError.Invalid(place + ".x-kubernetes-validations[" + index.ToString(CultureInfo.InvariantCulture) + "].rule", rule.Entry.Print(), error));
        }
    }

    private static void Columns(JsonArray columns, string path, List<FieldError> errors)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var place = path + "[" + i.ToString(CultureInfo.InvariantCulture) + "]";
            if (columns[i]?["name"].AsText() is null or "")
            {
                errors.Add(FieldError.Required($"{place}.name"));
            }

            var type = columns[i]?["type"].AsText() ?? "";
            if (type.Length == 0)
            {
                errors.Add(FieldError.Required($"{place}.type", "must be one of boolean,date,integer,number,string"));
            }
            else if (!ColumnTypes.Contains(type))
            {
                errors.Add(FieldError.Invalid($"{place}.type", JsonValues.Quote(type), "must be one of boolean,date,integer,number,string"));
            }

            var jsonPath = columns[i]?["jsonPath"].AsText() ?? "";
            if (jsonPath.Length == 0)
            {
                errors.Add(FieldError.Required($"{place}.jsonPath"));
            }
            else if (!jsonPath.StartsWith('.'))
            {
                errors.Add(FieldError.Invalid($"{place}.jsonPath", JsonValues.Quote(jsonPath), "must be a simple json path starting with ."));
            }
        }
    }

    private static void Scale(JsonNode? scale, string path, List<FieldError> errors)
    {
        if (scale is null)
        {
            return;
        }

        foreach (var (name, prefix, required) in new[] { ("specReplicasPath", ".spec.", true), ("statusReplicasPath", ".status.", true), ("labelSelectorPath", ".status. or .spec.", false) })
        {
            var value = scale[name].AsText() ?? "";
            if (value.Length == 0)
            {
                if (required)
                {
                    errors.Add(FieldError.Required($"{path}.{name}"));
                }

                continue;
            }

            var fits = required ? value.StartsWith(prefix, StringComparison.Ordinal)
                : value.StartsWith(".status.", StringComparison.Ordinal) || value.StartsWith(".spec.", StringComparison.Ordinal);
            if (!fits)
            {
                errors.Add(FieldError.Invalid($"{path}.{name}", JsonValues.Quote(value), required ? $"should be a json path under {prefix[..^1]}" : "should be a json path under either .status or .spec"));
            }
        }
    }

    private static void Immutable(JsonObject definition, JsonObject old, List<FieldError> errors)
    {
        var established = (old.At("status", "conditions") as JsonArray ?? []).Any(c => c?["type"].AsText() == "Established" && c["status"].AsText() == "True");
        var paths = new List<string[]> { new[] { "spec", "group" }, new[] { "spec", "names", "plural" } };
        if (established)
        {
            paths.Add(["spec", "scope"]);
            paths.Add(["spec", "names", "kind"]);
        }

        foreach (var path in paths.Where(p => !definition.At(p).SameAs(old.At(p))))
        {
            errors.Add(FieldError.Invalid(string.Join('.', path), definition.At(path).Print(), "field is immutable"));
        }
    }
}
