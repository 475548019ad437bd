using System.Text.Json.Serialization;
using Octavo.Gateway.Routing;

namespace Octavo.Gateway.OpenAI;

/// <summary>
/// <c>GET /v1/models</c> and <c>GET /v1/models/{name}</c>, from the directory and not from replicas: a model scaled to zero is listed too,
/// since a request for it starts it.
/// </summary>
internal static class ModelsEndpoint
{
    public static ModelList List(ModelDirectory directory) => new([.. directory.Names.Select(name => Card(name, directory.Find(name)!))]);

    public static ModelCard? Get(ModelDirectory directory, string name) => directory.Find(name) is { } route ? Card(name, route) : null;

    private static ModelCard Card(string name, ModelRoute route) =>
        new(name, route.CreatedAt == DateTimeOffset.MaxValue ? 0 : route.CreatedAt.ToUnixTimeSeconds(), route.Model);
}

internal sealed record ModelList([property: JsonPropertyName("data")] IReadOnlyList<ModelCard> Data)
{
    [JsonPropertyName("object"), JsonPropertyOrder(-1)]
    public string Object => "list";
}

/// <summary>OpenAI's model object; <see cref="Root"/> is the canonical name that an alias stands for.</summary>
internal sealed record ModelCard(
    [property: JsonPropertyName("id"), JsonPropertyOrder(-2)] string Id,
    [property: JsonPropertyName("created")] long Created,
    [property: JsonPropertyName("root")] string Root)
{
    [JsonPropertyName("object"), JsonPropertyOrder(-1)]
    public string Object => "model";

    [JsonPropertyName("owned_by")]
    public string OwnedBy => "octavo";
}
