using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Planning;

/// <summary>The InferenceServices of a file of manifests.</summary>
internal static class PlanFile
{
    /// <summary>All of the file, with the namespace filled in; other kinds are no matter of the operator and left out.</summary>
    /// <exception cref="PlanException">The file cannot be read, or holds an InferenceService that is none.</exception>
    public static IReadOnlyList<V1Alpha1InferenceService> Read(string path, TextReader input, string defaultNamespace)
    {
        try
        {
            var text = path == "-" ? input.ReadToEnd() : File.ReadAllText(path);
            return [.. KubernetesYaml.LoadAll(text).SelectMany(Flatten).Where(IsService).Select(d => Parse(d, defaultNamespace))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or JsonException or PlanException)
        {
            throw new PlanException($"{path}: {e.Message}", e);
        }
    }

    private static IEnumerable<JsonObject> Flatten(JsonObject document) =>
        (string?)document["kind"] == "List" && document["items"] is JsonArray items ? items.OfType<JsonObject>() : [document];

    private static bool IsService(JsonObject document) =>
        (string?)document["kind"] == V1Alpha1InferenceService.EntityKind && (string?)document["apiVersion"] == V1Alpha1InferenceService.GroupVersion;

    private static V1Alpha1InferenceService Parse(JsonObject document, string defaultNamespace)
    {
        if ((string?)document["metadata"]?["name"] is not { Length: > 0 } name)
        {
            throw new PlanException("an InferenceService without metadata.name");
        }

        var service = KubernetesJson.FromNode<V1Alpha1InferenceService>(document);
        if (Unknown("spec", document["spec"], KubernetesJson.ToNode(service.Spec)) is { } field)
        {
            throw new PlanException($"InferenceService {name}: unknown field {field}");
        }

        return service with { Metadata = service.Metadata with { NamespaceProperty = service.Metadata.NamespaceProperty ?? defaultNamespace } };
    }

    /// <summary>The first field of the file that the type does not have: it was lost on the way through it.</summary>
    private static string? Unknown(string path, JsonNode? written, JsonNode? read) => written switch
    {
        JsonObject fields => fields.Where(f => f.Value is not null).Select(f => (read as JsonObject)?[f.Key] is { } known ? Unknown($"{path}.{f.Key}", f.Value, known) : $"{path}.{f.Key}").FirstOrDefault(u => u is not null),
        JsonArray items when read is JsonArray known && known.Count == items.Count => items.Select((item, i) => Unknown($"{path}[{i}]", item, known[i])).FirstOrDefault(u => u is not null),
        _ => null,
    };
}
