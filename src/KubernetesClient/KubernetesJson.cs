using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Octavo.KubernetesClient.Json;

namespace Octavo.KubernetesClient;

/// <summary>How API objects are read and written: camelCase, nulls left out, times as RFC 3339 with seconds.</summary>
public static class KubernetesJson
{
    public static JsonSerializerOptions Options { get; } = Create(lenient: false);

    /// <summary>For objects that are incomplete by contract (a bookmark holds only its metadata): <c>required</c> members may be absent.</summary>
    internal static JsonSerializerOptions PartialOptions { get; } = Create(lenient: true);

    public static JsonNode ToNode<T>(T value) =>
        JsonSerializer.SerializeToNode(value, Options) ?? throw new ArgumentNullException(nameof(value));

    public static T FromNode<T>(JsonNode node) =>
        node.Deserialize<T>(Options) ?? throw new JsonException($"null is no {typeof(T).Name}");

    /// <summary>Whether both would be the same on the wire. Records of models hold lists, so their own equality does not answer this.</summary>
    public static bool DeepEquals<T>(T? first, T? second) =>
        ReferenceEquals(first, second)
        || JsonNode.DeepEquals(JsonSerializer.SerializeToNode(first, Options), JsonSerializer.SerializeToNode(second, Options));

    private static JsonSerializerOptions Create(bool lenient)
    {
        var resolver = new DefaultJsonTypeInfoResolver();
        if (lenient)
        {
            resolver.Modifiers.Add(static info =>
            {
                foreach (var property in info.Properties)
                {
                    property.IsRequired = false;
                }
            });
        }

        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = 128,
            TypeInfoResolver = resolver,
            Converters = { new TimeConverter() },
        };
        options.MakeReadOnly();
        return options;
    }
}
