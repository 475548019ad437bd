using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Octavo.Cli.Demo;

/// <summary>Reads a YAML manifest file with one or more documents as JSON, with YAML 1.2's core schema for plain scalars.</summary>
internal static class ManifestFile
{
    public static IReadOnlyList<JsonObject> Read(string file)
    {
        var stream = new YamlStream();
        using var reader = new StreamReader(file);
        try
        {
            stream.Load(reader);
        }
        catch (YamlException malformed)
        {
            throw new DemoException($"{file}: {malformed.Message}", malformed);
        }

        return [.. stream.Documents.Select(d => ToJson(d.RootNode) as JsonObject).OfType<JsonObject>()];
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value ?? "", ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar => Plain(scalar.Value ?? ""),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => null,
    };

    private static JsonNode? Plain(string text) => text switch
    {
        "" or "~" or "null" => null,
        "true" => JsonValue.Create(true),
        "false" => JsonValue.Create(false),
        _ when long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var real) => JsonValue.Create(real),
        _ => JsonValue.Create(text),
    };
}
