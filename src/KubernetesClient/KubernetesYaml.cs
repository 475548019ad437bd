using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Octavo.KubernetesClient;

/// <summary>YAML as kubectl reads it: several documents, JSON as a subset, plain scalars typed by the YAML 1.1 words that Go's parser knows.</summary>
public static class KubernetesYaml
{
    private const int MaxNodes = 500_000;

    /// <summary>All non-empty documents. Throws <see cref="FormatException"/> with the place where it is no YAML, or where a document is no mapping.</summary>
    public static IReadOnlyList<JsonObject> LoadAll(string text)
    {
        var documents = new List<JsonObject>();
        var stream = new YamlStream();
        try
        {
            using var reader = new StringReader(text);
            stream.Load(new MergingParser(new Parser(reader)));
            foreach (var document in stream.Documents)
            {
                var budget = MaxNodes;
                switch (Convert(document.RootNode, ref budget, 0))
                {
                    case JsonObject mapping:
                        documents.Add(mapping);
                        break;
                    case null:
                        break;
                    default:
                        throw new FormatException($"line {document.RootNode.Start.Line}: a manifest is a mapping");
                }
            }
        }
        catch (YamlException exception)
        {
            throw new FormatException($"line {exception.Start.Line}, column {exception.Start.Column}: {exception.Message}", exception);
        }

        return documents;
    }

    /// <summary>The only document; throws <see cref="FormatException"/> where there is none or another one.</summary>
    public static JsonObject Load(string text) => LoadAll(text) switch
    {
        [var only] => only,
        var all => throw new FormatException($"one document was expected, {all.Count} found"),
    };

    // Aliases are expanded, so a small text can stand for a huge tree: the budget counts what is built.
    private static JsonNode? Convert(YamlNode node, ref int budget, int depth)
    {
        if (--budget < 0 || depth > 100)
        {
            throw new FormatException($"line {node.Start.Line}: the document is too large or too deep");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var result = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    if (key is not YamlScalarNode { Value: { } name })
                    {
                        throw new FormatException($"line {key.Start.Line}: a key is a string");
                    }

                    result[name] = Convert(value, ref budget, depth + 1);
                }

                return result;
            case YamlSequenceNode sequence:
                var array = new JsonArray();
                foreach (var item in sequence.Children)
                {
                    array.Add(Convert(item, ref budget, depth + 1));
                }

                return array;
            case YamlScalarNode scalar:
                return Scalar(scalar);
            default:
                throw new FormatException($"line {node.Start.Line}: unexpected {node.NodeType}");
        }
    }

    private static JsonNode? Scalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain || scalar.Tag.IsNonSpecific || scalar.Tag == "tag:yaml.org,2002:str")
        {
            return JsonValue.Create(text);
        }

        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y":
                return JsonValue.Create(true);
            case "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "n" or "N":
                return JsonValue.Create(false);
        }

        if (!char.IsAsciiDigit(text[0]) && text[0] is not ('-' or '+' or '.'))
        {
            return JsonValue.Create(text);
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && !HasOctalPrefix(text))
        {
            return JsonValue.Create(number);
        }

        if (Octal(text) is { } mode)
        {
            return JsonValue.Create(mode);
        }

        // Underscores, times and infinities stay strings: no manifest means them as numbers.
        return double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var real)
            && double.IsFinite(real)
            ? JsonValue.Create(real)
            : JsonValue.Create(text);
    }

    private static bool HasOctalPrefix(string text) => text.Length > 1 && text[0] == '0';

    // defaultMode: 0644 is octal in YAML 1.1, 0o644 in 1.2.
    private static long? Octal(string text)
    {
        if (!HasOctalPrefix(text))
        {
            return null;
        }

        var digits = text.StartsWith("0o", StringComparison.Ordinal) ? text[2..] : text[1..];
        return digits.Length is > 0 and < 20 && digits.All(c => c is >= '0' and <= '7') ? System.Convert.ToInt64(digits, 8) : null;
    }
}
