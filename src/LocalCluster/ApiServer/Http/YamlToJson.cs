using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>Turns one YAML document into JSON with the rules of YAML 1.1, as Kubernetes does: `no` and `n` are false, as values and as keys.</summary>
internal sealed class YamlToJson
{
    private readonly IParser _parser;
    private readonly Dictionary<AnchorName, JsonNode?> _anchors = [];
    private readonly List<string> _duplicates = [];

    private YamlToJson(string text) => _parser = new Parser(new StringReader(text));

    /// <param name="duplicates">Lines such as `line 7: key "k" already set in map`; the last value counts.</param>
    /// <exception cref="YamlException">The text is no YAML.</exception>
    public static JsonNode? Parse(string text, out IReadOnlyList<string> duplicates)
    {
        var converter = new YamlToJson(text);
        converter._parser.Consume<StreamStart>();
        JsonNode? result = null;
        if (converter._parser.TryConsume<DocumentStart>(out _))
        {
            result = converter.Value();
        }

        duplicates = converter._duplicates;
        return result;
    }

    private JsonNode? Value()
    {
        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return _anchors.GetValueOrDefault(alias.Value)?.DeepClone();
        }

        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            return Remember(scalar.Anchor, Typed(scalar));
        }

        if (_parser.TryConsume<SequenceStart>(out var sequence))
        {
            var list = new JsonArray();
            while (!_parser.TryConsume<SequenceEnd>(out _))
            {
                list.Add(Value());
            }

            return Remember(sequence.Anchor, list);
        }

        var start = _parser.Consume<MappingStart>();
        var map = new JsonObject();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = _parser.Consume<Scalar>();
            var name = Typed(key) switch
            {
                null => "null",
                JsonValue value when value.TryGetValue(out bool flag) => flag ? "true" : "false",
                var other => other.ToString(),
            };
            if (map.ContainsKey(name))
            {
                _duplicates.Add($"line {key.Start.Line}: key \"{name}\" already set in map");
            }

            map[name] = Value();
        }

        return Remember(start.Anchor, map);
    }

    private JsonNode? Remember(AnchorName anchor, JsonNode? node)
    {
        if (!anchor.IsEmpty)
        {
            _anchors[anchor] = node;
        }

        return node;
    }

    private static JsonNode? Typed(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any))
        {
            return JsonValue.Create(text);
        }

        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "true" or "True" or "TRUE":
                return JsonValue.Create(true);
            case "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "false" or "False" or "FALSE":
                return JsonValue.Create(false);
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return JsonValue.Create(whole);
        }

        var startsLikeNumber = char.IsAsciiDigit(text[0]) || (text.Length > 1 && text[0] is '-' or '+' or '.');
        return startsLikeNumber && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)
            ? JsonValue.Create(real)
            : JsonValue.Create(text);
    }
}
