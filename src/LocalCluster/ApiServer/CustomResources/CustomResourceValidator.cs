using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Cel;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>Validates objects of custom kinds, and the definitions themselves.</summary>
internal static class CustomResourceValidator
{
    private static readonly FieldError NotChecked = FieldError.Invalid("<nil>", "null",
        "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation");

    private static readonly HashSet<string> Blocking = new(StringComparer.Ordinal)
    {
        "FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid",
    };

    /// <summary>What is wrong with an object of a custom kind: its schema first, then list types, then the rules, which need an object of the right shape.</summary>
    public static IReadOnlyList<FieldError> Validate(ResourceSchema schema, JsonObject obj, JsonObject? old)
    {
        var errors = new List<FieldError>();
        if (schema.Identity is { } identity && obj["kind"].AsText() is { } kind && kind != identity.Kind)
        {
            errors.Add(FieldError.Invalid("kind", JsonValues.Quote(kind), $"must be {identity.Kind}"));
        }
        else
        {
            errors.AddRange(MetadataValidator.Validate(obj, old, NameRules.SubdomainErrors));
            errors.AddRange(StructuralValidator.Validate(schema, obj, old));
            CheckReplicas(schema.ScaleSpecPath, obj, errors);
            CheckReplicas(schema.ScaleStatusPath, obj, errors);
        }

        if (old is null || ListTypeValidator.Validate(schema, old).Count == 0)
        {
            errors.AddRange(ListTypeValidator.Validate(schema, obj));
        }

        var rules = CelRules.For(schema);
        if (!rules.IsEmpty)
        {
            if (errors.Exists(e => Blocking.Contains(e.Reason)))
            {
                errors.Add(NotChecked);
            }
            else
            {
                errors.AddRange(rules.Validate(obj, old));
            }
        }

        return errors;
    }

    /// <summary>What is wrong with a CustomResourceDefinition after defaulting.</summary>
    public static IReadOnlyList<FieldError> ValidateDefinition(JsonObject definition, JsonObject? old) => DefinitionValidator.Validate(definition, old);

    private static void CheckReplicas(string? path, JsonObject obj, List<FieldError> errors)
    {
        if (path is null)
        {
            return;
        }

        JsonNode? node = obj;
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (node is not JsonObject parent)
            {
                errors.Add(FieldError.Invalid(path, "0", $"{path} accessor error: {node.AsText() ?? node.Print()} is of the type {GoType(node)}, expected map[string]interface{{}}"));
                return;
            }

            if (!parent.TryGetPropertyValue(name, out node))
            {
                return;
            }
        }

        if (!node.IsWrittenWhole())
        {
            errors.Add(FieldError.Invalid(path, "0", $"{path} accessor error: {node.AsText() ?? node.Print()} is of the type {GoType(node)}, expected int64"));
        }
        else if (node.AsWhole() is < 0)
        {
            errors.Add(FieldError.Invalid(path, node.Print(), "should be a non-negative integer"));
        }
        else if (node.AsWhole() is > int.MaxValue)
        {
            errors.Add(FieldError.Invalid(path, node.Print(), "should be less than or equal to 2147483647"));
        }
    }

    private static string GoType(JsonNode? node) => node.Kind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => node.IsWrittenWhole() ? "int64" : "float64",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Array => "[]interface {}",
        _ => "<nil>",
    };
}
