using System.Reflection;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.CustomResources;

/// <summary>The CustomResourceDefinition of an entity type, as JSON.</summary>
internal static class CustomResourceDefinitionGenerator
{
    /// <summary>The API server owns these three: a structural schema may name them, but says nothing about their content.</summary>
    private static readonly string[] TypeAndMetadata = [nameof(IKubernetesObject.ApiVersion), nameof(IKubernetesObject.Kind), nameof(IKubernetesObject.Metadata)];

    /// <summary>
    /// <paramref name="entity"/> carries <see cref="KubernetesEntityAttribute"/> and <see cref="CustomResourceAttribute"/> and has the properties
    /// <c>Spec</c> and <c>Status</c>.
    /// </summary>
    public static JsonObject Generate(Type entity)
    {
        var kind = entity.GetCustomAttribute<KubernetesEntityAttribute>()
            ?? throw new InvalidOperationException($"{entity} has no {nameof(KubernetesEntityAttribute)}");
        var resource = entity.GetCustomAttribute<CustomResourceAttribute>()
            ?? throw new InvalidOperationException($"{entity} has no {nameof(CustomResourceAttribute)}");
        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{kind.PluralName}.{kind.Group}" },
            ["spec"] = new JsonObject
            {
                ["group"] = kind.Group,
                ["names"] = new JsonObject
                {
                    ["kind"] = kind.Kind,
                    ["listKind"] = $"{kind.Kind}List",
                    ["plural"] = kind.PluralName,
                    ["singular"] = resource.Singular,
                    ["shortNames"] = Strings(resource.ShortNames),
                    ["categories"] = Strings(resource.Categories),
                },
                ["scope"] = kind.Namespaced ? "Namespaced" : "Cluster",
                ["versions"] = new JsonArray(new JsonObject
                {
                    ["name"] = kind.ApiVersion,
                    ["served"] = true,
                    ["storage"] = true,
                    ["subresources"] = Subresources(resource),
                    ["additionalPrinterColumns"] = Columns(entity),
                    ["schema"] = new JsonObject { ["openAPIV3Schema"] = Schema(entity) },
                }),
            },
        };
    }

    private static JsonObject Schema(Type entity)
    {
        var documentation = new XmlDocumentation();
        var schema = new OpenApiSchemaBuilder(documentation).BuildObject(entity, TypeAndMetadata);
        var properties = schema["properties"]!.AsObject();
        properties[JsonName(nameof(IKubernetesObject.ApiVersion))] = new JsonObject { ["type"] = "string", ["description"] = "Group and version of the schema that this object is written in." };
        properties[JsonName(nameof(IKubernetesObject.Kind))] = new JsonObject { ["type"] = "string", ["description"] = "Name of the kind, in CamelCase." };
        properties[JsonName(nameof(IKubernetesObject.Metadata))] = new JsonObject { ["type"] = "object", ["description"] = "Name, namespace, labels, annotations and what else every object has." };
        if (documentation.SummaryOf(entity) is { } description)
        {
            schema["description"] = description;
        }

        return schema;
    }

    private static string JsonName(string name) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name);

    private static JsonObject Subresources(CustomResourceAttribute resource)
    {
        var subresources = new JsonObject { ["status"] = new JsonObject() };
        if (resource.SpecReplicasPath is not null)
        {
            subresources["scale"] = new JsonObject
            {
                ["specReplicasPath"] = resource.SpecReplicasPath,
                ["statusReplicasPath"] = resource.StatusReplicasPath,
                ["labelSelectorPath"] = resource.LabelSelectorPath,
            };
        }

        return subresources;
    }

    private static JsonArray Columns(Type entity)
    {
        var columns = new JsonArray();
        foreach (var column in entity.GetCustomAttributes<PrinterColumnAttribute>())
        {
            var node = new JsonObject { ["name"] = column.Name, ["type"] = column.Type, ["jsonPath"] = column.JsonPath };
            if (column.Priority > 0)
            {
                node["priority"] = column.Priority;
            }

            columns.Add((JsonNode)node);
        }

        return columns;
    }

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
