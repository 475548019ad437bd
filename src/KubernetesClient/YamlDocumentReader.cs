using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Octavo.KubernetesClient;

/// <summary>Builds JSON from the events of a YAML stream, document by document.</summary>
internal sealed class YamlDocumentReader(IParser parser)
{
    private const int MaxNodes = 500_000;
    private const int MaxDepth = 100;

    private readonly Dictionary<AnchorName, (JsonNode? Node, int Size)> _anchors = [];
    private readonly List<string> _duplicateKeys = [];
    private int _built;

    /// <summary>One line for each key that came twice in a mapping, in all documents read so far.</summary>
    public IReadOnlyList<string> DuplicateKeys => _duplicateKeys;

    /// <param name="line">Where the document's root begins.</param>
    public bool TryReadDocument(out JsonNode? root, out long line)
    {
        (root, line, _built) = (null, 0, 0);
        _anchors.Clear();
        if (!parser.TryConsume<DocumentStart>(out _))
        {
            return false;
        }

        line = parser.Current?.Start.Line ?? 0;
        root = Value(0);
        parser.Consume<DocumentEnd>();
        return true;
    }

    private JsonNode? Value(int depth)
    {
        Count(1, depth);
        if (parser.TryConsume<AnchorAlias>(out var alias))
        {
            if (!_anchors.TryGetValue(alias.Value, out var known))
            {
                throw new FormatException($"line {alias.Start.Line}: unknown anchor '{alias.Value}'");
            }

            // Aliases are expanded, so a small text can stand for a huge tree: what is built is counted, before it is built.
            Count(known.Size, depth);
            return known.Node?.DeepClone();
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return Remember(scalar.Anchor, Typed(scalar), 1);
        }

        var before = _built;
        if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            var list = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                list.Add(Value(depth + 1));
            }

            return Remember(sequence.Anchor, list, 1 + _built - before);
        }

        var start = parser.Consume<MappingStart>();
        var map = new JsonObject();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            var name = Key(out var line);
            if (map.ContainsKey(name))
            {
                _duplicateKeys.Add($"line {line}: key \"{name}\" already set in map");
            }

            map[name] = Value(depth + 1);
        }

        return Remember(start.Anchor, map, 1 + _built - before);
    }

    private string Key(out long line)
    {
        line = parser.Current?.Start.Line ?? 0;
        return !parser.TryConsume<Scalar>(out var key) ? throw new FormatException($"line {line}: a key is a string") : Typed(key) switch
        {
            null => "null",
            JsonValue value when value.TryGetValue(out bool flag) => flag ? "true" : "false",
            var other => other.ToString(),
        };
    }

    private void Count(int nodes, int depth)
    {
        _built += nodes;
        if (_built > MaxNodes || depth > MaxDepth)
        {
            throw new FormatException($"line {parser.Current?.Start.Line}: the document is too large or too deep");
        }
    }

    private JsonNode? Remember(AnchorName anchor, JsonNode? node, int size)
    {
        if (!anchor.IsEmpty)
        {
            _anchors[anchor] = (node, size);
        }

        return node;
    }

    private static JsonNode? Typed(Scalar scalar)
    {
        var text = scalar.Value;
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any) || scalar.Tag.IsNonSpecific || scalar.Tag == "tag:yaml.org,2002:str")
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

        if (HasOctalPrefix(text) && Octal(text) is { } mode)
        {
            return JsonValue.Create(mode);
        }

        if (!HasOctalPrefix(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return JsonValue.Create(number);
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
        var digits = text.StartsWith("0o", StringComparison.Ordinal) ? text[2..] : text[1..];
        return digits.Length is > 0 and < 20 && digits.All(c => c is >= '0' and <= '7') ? Convert.ToInt64(digits, 8) : null;
    }
}
