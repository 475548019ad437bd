using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>What schemas say about objects: decoding, unknown fields, defaults, validity.</summary>
internal sealed class ObjectSemantics(SchemaRegistry schemas)
{
    public ResourceSchema SchemaOf(ResourceDefinition resource) =>
        resource.Schema ?? schemas.Find(resource.Group, resource.Version, resource.Kind) ?? ResourceSchema.Any;

    /// <summary>The schema of a subresource's own kind.</summary>
    public ResourceSchema SchemaOf(ResourceDefinition resource, string kind)
    {
        var found = resource.Subresources.FirstOrDefault(s => s.Kind == kind);
        return (found is null ? null : schemas.Find(found.Group, found.Version, kind)) ?? ResourceSchema.Any;
    }

    /// <summary>
    /// Checks types, drops what the schema does not know and fills defaults, in place. What was dropped is warned about, refused or
    /// ignored, as fieldValidation says.
    /// </summary>
    /// <param name="isPatch">A patch that fails strict validation is answered otherwise than a body.</param>
    public void Normalize(ResourceRequest request, ResourceDefinition resource, JsonObject value, IReadOnlyList<string> duplicates, bool isPatch)
    {
        var schema = SchemaOf(resource);
        if (TypeChecker.FindError(schema, value) is { } wrongType)
        {
            throw ApiErrors.BadRequest($"{resource.Kind} in version \"{resource.Version}\" cannot be handled as a {resource.Kind}: {wrongType}");
        }

        var mode = request.Query("fieldValidation") ?? "";
        if (mode is not ("" or "Ignore" or "Warn" or "Strict"))
        {
            throw ApiErrors.Invalid("meta.k8s.io", OptionsKind(request), "", [new StatusCause(
                "FieldValueNotSupported", $"Unsupported value: \"{mode}\": supported values: \"\", \"Ignore\", \"Warn\", \"Strict\"", "fieldValidation")]);
        }

        if (mode != "Ignore")
        {
            var problems = UnknownFields.Find(schema, value).Select(f => $"unknown field \"{f}\"")
                .Concat(duplicates.Select(f => $"duplicate field \"{f}\"")).ToList();
            if (mode == "Strict" && problems.Count > 0)
            {
                var text = $"strict decoding error: {string.Join(", ", problems)}";
                throw isPatch
                    ? ApiErrors.Invalid("", "", "", [new StatusCause("FieldValueInvalid", $"Invalid value: \"{value.ToJsonString()}\": {text}", "patch")])
                    : ApiErrors.BadRequest($"{resource.Kind} in version \"{resource.Version}\" cannot be handled as a {resource.Kind}: {text}");
            }

            request.Warnings.AddRange(problems);
        }

        Pruner.Prune(schema, value);
        if (value["kind"]?.GetValue<string>() == resource.Kind)
        {
            Defaulter.Apply(schema, value);
        }
    }

    /// <summary>Drops what the schema does not know and fills defaults, in place, without a word: for what the server itself lets in.</summary>
    /// <exception cref="ApiException">500: a field has another type than its schema.</exception>
    public void Reshape(ResourceDefinition resource, JsonObject value)
    {
        var schema = SchemaOf(resource);
        if (TypeChecker.FindError(schema, value) is { } wrongType)
        {
            throw ApiErrors.Internal(wrongType);
        }

        Pruner.Prune(schema, value);
        Defaulter.Apply(schema, value);
    }

    /// <exception cref="ApiException">422: the object is not valid.</exception>
    public void Validate(ResourceDefinition resource, JsonObject value, JsonObject? old)
    {
        var errors = ObjectValidator.Validate(resource.Kind, SchemaOf(resource), value, old);
        var kind = value["kind"]?.GetValue<string>() ?? resource.Kind;
        if (errors.Count > 0)
        {
            throw ApiErrors.Invalid(ErrorGroup(resource), kind, value["metadata"]?["name"]?.GetValue<string>() ?? "",
                [.. errors.Select(e => new StatusCause(e.Reason, e.Message, e.Field.Length == 0 ? "[]" : e.Field))]);
        }
    }

    // Both forms of events are validated as the core kind.
    public static string ErrorGroup(ResourceDefinition resource) => resource.Group == "events.k8s.io" ? "" : resource.Group;

    private static string OptionsKind(ResourceRequest request) => request.Http.Request.Method switch
    {
        "POST" => "CreateOptions",
        "PUT" => "UpdateOptions",
        _ => "PatchOptions",
    };
}
