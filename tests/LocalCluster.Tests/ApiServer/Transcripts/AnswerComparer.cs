using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>
/// Compares answers with recordings. What a recording names must be there and equal; more may be there, except in fieldsV1, which must be
/// exact. Causes, and the parts of a message in brackets, may come in any order. managedFields are compared by owner, without the entries of
/// the cluster's own controllers.
/// </summary>
internal sealed partial class AnswerComparer(IReadOnlyDictionary<string, string> variables)
{
    private static readonly string[] ClusterManagers = ["kube-controller-manager", "kube-scheduler"];

    private static readonly Dictionary<string, string> Patterns = new()
    {
        ["uid"] = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ["rv"] = "[0-9]+",
        ["time"] = @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        ["microtime"] = @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z",
        ["ip"] = "[0-9a-f.:]+",
        ["nodePort"] = @"\d+",
        ["hash"] = "[a-z0-9]+",
        ["gen"] = "[a-z0-9]{5}",
        ["age"] = @"\S+",
        ["jwt"] = @"\S+",
        ["continue"] = "[A-Za-z0-9_=-]+",
        ["any"] = @"[\s\S]*",
    };

    private PlaceholderBindings _bindings = new();

    /// <exception cref="DifferenceException">The answer differs.</exception>
    public void CompareNode(JsonNode? expected, JsonNode? actual, string path, bool exact = false)
    {
        switch (expected)
        {
            case JsonObject map:
                CompareObject(map, actual, path, exact);
                break;
            case JsonArray list:
                CompareList(list, actual, path, exact);
                break;
            case JsonValue value when value.TryGetValue(out string? text):
                if (!Placeholder().IsMatch(text) && actual?.GetValueKind() != JsonValueKind.String)
                {
                    throw Mismatch(path, expected, actual);
                }

                CompareText(text, Scalar(actual), path);
                break;
            default:
                if (!JsonNode.DeepEquals(expected, actual))
                {
                    throw Mismatch(path, expected, actual);
                }

                break;
        }
    }

    public void CompareText(string expected, string? actual, string path)
    {
        expected = Literal(expected);
        if (!Placeholder().IsMatch(expected))
        {
            if (expected != actual)
            {
                throw new DifferenceException($"{path}: expected '{expected}', got '{actual}'");
            }

            return;
        }

        var pattern = new StringBuilder("^");
        var at = 0;
        var holders = new List<(string Kind, string Number)>();
        foreach (Match match in Placeholder().Matches(expected))
        {
            pattern.Append(Regex.Escape(expected[at..match.Index])).Append('(').Append(Patterns[match.Groups[1].Value]).Append(')');
            holders.Add((match.Groups[1].Value, match.Groups[2].Value));
            at = match.Index + match.Length;
        }

        pattern.Append(Regex.Escape(expected[at..])).Append("$(?!\n)");
        var found = Regex.Match(actual ?? "", pattern.ToString(), RegexOptions.None, TimeSpan.FromSeconds(5));
        if (actual is null || !found.Success)
        {
            throw new DifferenceException($"{path}: expected like '{expected}', got '{actual}'");
        }

        for (var i = 0; i < holders.Count; i++)
        {
            if (!_bindings.TryBind(holders[i].Kind, holders[i].Number, found.Groups[i + 1].Value))
            {
                throw new DifferenceException($"{path}: '{expected}' stands for another value than '{found.Groups[i + 1].Value}'");
            }
        }
    }

    public string Literal(string text) => text
        .Replace("<ns>", variables["ns"], StringComparison.Ordinal)
        .Replace("<rand>", variables["rand"], StringComparison.Ordinal);

    private void CompareObject(JsonObject expected, JsonNode? actual, string path, bool exact)
    {
        if (actual is not JsonObject map)
        {
            throw Mismatch(path, expected, actual);
        }

        var seen = new HashSet<string>();
        foreach (var (name, value) in expected)
        {
            var key = FindKey(name, map);
            if (!map.TryGetPropertyValue(key, out var other))
            {
                throw new DifferenceException($"{path}.{Literal(name)}: missing (expected {Short(value)})");
            }

            seen.Add(key);
            var at = $"{path}.{name}";
            switch (name)
            {
                case "causes" when value is JsonArray causes && other is JsonArray others:
                    CompareList(Sorted(causes, Cause), Sorted(others, Cause), at, exact);
                    break;
                case "managedFields" when value is JsonArray entries:
                    CompareList(Sorted(WithoutCluster(entries), Entry), Sorted(WithoutCluster(other as JsonArray ?? []), Entry), at, exact);
                    break;
                case "message" when SameParts(value, other):
                    break;
                default:
                    CompareNode(value, other, at, exact || name == "fieldsV1");
                    break;
            }
        }

        if (exact && map.FirstOrDefault(p => !seen.Contains(p.Key)).Key is { } extra)
        {
            throw new DifferenceException($"{path}: unexpected field '{extra}'");
        }
    }

    private void CompareList(JsonArray expected, JsonNode? actual, string path, bool exact)
    {
        if (actual is not JsonArray list || list.Count != expected.Count)
        {
            throw new DifferenceException($"{path}: expected {expected.Count} elements, got {(actual as JsonArray)?.Count.ToString() ?? "none"}: {Short(actual)}");
        }

        for (var i = 0; i < expected.Count; i++)
        {
            CompareNode(expected[i], list[i], $"{path}[{i}]", exact);
        }
    }

    // Keys may hold placeholders too, such as the uid of an owner reference.
    private string FindKey(string expected, JsonObject actual)
    {
        var key = Literal(expected);
        if (actual.ContainsKey(key) || !Placeholder().IsMatch(key))
        {
            return key;
        }

        foreach (var (candidate, _) in actual)
        {
            var before = _bindings.Copy();
            try
            {
                CompareText(key, candidate, "");
                return candidate;
            }
            catch (DifferenceException)
            {
                _bindings = before;
            }
        }

        return key;
    }

    private bool SameParts(JsonNode? expected, JsonNode? actual)
    {
        if (expected?.GetValueKind() != JsonValueKind.String || actual?.GetValueKind() != JsonValueKind.String)
        {
            return false;
        }

        var text = Literal(expected.ToString());
        return text.Contains(": [", StringComparison.Ordinal) && !Placeholder().IsMatch(text) && Parts(text).SequenceEqual(Parts(actual.ToString()));

        static IEnumerable<string> Parts(string message) => message.Replace("[", ", ", StringComparison.Ordinal)
            .Replace("]", ", ", StringComparison.Ordinal).Split(", ").Order(StringComparer.Ordinal);
    }

    private static JsonArray WithoutCluster(JsonArray entries) =>
        new([.. entries.Where(e => !ClusterManagers.Contains(e?["manager"]?.ToString())).Select(e => e?.DeepClone())]);

    private static JsonArray Sorted(JsonArray list, Func<JsonNode?, string> key) =>
        new([.. list.OrderBy(key, StringComparer.Ordinal).Select(e => e?.DeepClone())]);

    private static string Cause(JsonNode? cause) => $"{cause?["field"]}\n{cause?["reason"]}\n{cause?["message"]}";

    private static string Entry(JsonNode? entry) => $"{entry?["manager"]}\n{entry?["operation"]}\n{entry?["subresource"]}\n{entry?["apiVersion"]}";

    private static string? Scalar(JsonNode? node) => node?.GetValueKind() switch
    {
        JsonValueKind.String => node.ToString(),
        JsonValueKind.Number => node.ToJsonString(),
        _ => null,
    };

    private static string Short(JsonNode? node)
    {
        var text = node?.ToJsonString() ?? "null";
        return text.Length > 160 ? text[..160] : text;
    }

    private static DifferenceException Mismatch(string path, JsonNode? expected, JsonNode? actual) =>
        new($"{path}: expected {Short(expected)}, got {Short(actual)}");

    [GeneratedRegex("<(uid|rv|time|microtime|ip|nodePort|hash|gen|age|jwt|continue|any)(?::([0-9]+))?>", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();
}
