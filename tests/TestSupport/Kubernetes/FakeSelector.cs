using System.Text.Json.Nodes;

namespace Octavo.TestSupport.Kubernetes;

/// <summary>Selectors: <c>a=b</c>, <c>a==b</c>, <c>a!=b</c>, <c>a</c>, <c>!a</c>, <c>a in (b,c)</c>, <c>a notin (b,c)</c>; fields by path with <c>=</c> and <c>!=</c>.</summary>
internal static class FakeSelector
{
    public static Func<JsonObject, bool> Parse(string? labels, string? fields)
    {
        var requirements = Split(labels).Select(r => Requirement(r, LabelOf)).Concat(Split(fields).Select(r => Requirement(r, FieldOf))).ToList();
        return value => requirements.All(r => r(value));
    }

    private static Func<JsonObject, bool> Requirement(string text, Func<JsonObject, string, string?> read)
    {
        foreach (var word in (string[])[" notin ", " in "])
        {
            if (text.IndexOf(word, StringComparison.Ordinal) is > 0 and var at)
            {
                var key = text[..at].Trim();
                var values = text[(at + word.Length)..].Trim().Trim('(', ')').Split(',', StringSplitOptions.TrimEntries);
                return word == " in "
                    ? value => read(value, key) is { } found && values.Contains(found)
                    : value => read(value, key) is not { } found || !values.Contains(found);
            }
        }

        if (text.Split("!=", 2) is [var not, var other])
        {
            return value => read(value, not.Trim()) != other.Trim();
        }

        if (text.Replace("==", "=", StringComparison.Ordinal).Split('=', 2) is [var name, var wanted])
        {
            return value => (read(value, name.Trim()) ?? "") == wanted.Trim();
        }

        return text.StartsWith('!') ? value => read(value, text[1..].Trim()) is null : value => read(value, text.Trim()) is not null;
    }

    private static string? LabelOf(JsonObject value, string key) => (string?)(value["metadata"]?["labels"]?[key]);

    private static string? FieldOf(JsonObject value, string path)
    {
        JsonNode? at = value;
        foreach (var part in path.Split('.'))
        {
            at = (at as JsonObject)?[part];
        }

        return at?.ToString();
    }

    // Commas within parentheses belong to a set.
    private static IEnumerable<string> Split(string? selector)
    {
        var depth = 0;
        var start = 0;
        var text = selector ?? "";
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                if (text[start..i].Trim() is { Length: > 0 } part)
                {
                    yield return part;
                }

                start = i + 1;
            }
            else
            {
                depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            }
        }
    }
}
