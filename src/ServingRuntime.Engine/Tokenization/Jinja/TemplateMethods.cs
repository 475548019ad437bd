using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Methods of strings, lists and dictionaries. Those that change their object are refused, as transformers' sandbox does.</summary>
internal sealed class TemplateMethods(RenderBudget budget)
{
    public object? Call(object? target, string name, CallArguments arguments)
    {
        budget.Characters(target is string receiver ? receiver.Length : 0);
        return target switch
        {
            string text => CallString(text, name, arguments),
            TemplateDictionary dictionary => CallDictionary(dictionary, name, arguments),
            List<object?> list => CallList(list, name, arguments),
            _ => throw TemplateValue.Error($"'{TemplateValue.TypeName(target)}' has no method '{name}'"),
        };
    }

    public static List<object?> Items(TemplateDictionary dictionary) => [.. dictionary.Items.Select(i => (object?)new List<object?> { i.Key, i.Value })];

    public static string Capitalize(string text) => text.Length == 0 ? text : text[..1].ToUpperInvariant() + text[1..].ToLowerInvariant();

    public static string Title(string text)
    {
        var builder = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var unit in text)
        {
            builder.Append(inWord ? char.ToLowerInvariant(unit) : char.ToUpperInvariant(unit));
            inWord = char.IsLetter(unit);
        }

        return builder.ToString();
    }

    /// <param name="count">Most replacements; negative: all.</param>
    public static string Replace(string text, string old, string by, long count, RenderBudget budget)
    {
        var occurrences = old.Length == 0 ? text.Length + 1L : text.AsSpan().Count(old);
        budget.Characters(text.Length + (occurrences * Math.Max(0, by.Length - old.Length)));
        if (count < 0 && old.Length > 0)
        {
            return text.Replace(old, by, StringComparison.Ordinal);
        }

        var builder = new StringBuilder();
        var at = 0;
        for (; count != 0 && at <= text.Length; count--)
        {
            var found = text.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            builder.Append(text, at, found - at).Append(by);
            at = found + old.Length;
            if (old.Length == 0)
            {
                builder.Append(text, at, at < text.Length ? 1 : 0);
                at++;
            }
        }

        return at < text.Length ? builder.Append(text, at, text.Length - at).ToString() : builder.ToString();
    }

    private object? CallString(string text, string name, CallArguments arguments)
    {
        switch (name)
        {
            case "strip":
                return arguments.Text(0, "chars") is { } both ? text.Trim(both.ToCharArray()) : text.Trim();
            case "lstrip":
                return arguments.Text(0, "chars") is { } left ? text.TrimStart(left.ToCharArray()) : text.TrimStart();
            case "rstrip":
                return arguments.Text(0, "chars") is { } right ? text.TrimEnd(right.ToCharArray()) : text.TrimEnd();
            case "split" or "rsplit":
                return Split(text, arguments.Text(0, "sep"), arguments.Integer(1, "maxsplit", -1), fromRight: name == "rsplit");
            case "splitlines":
                var lines = text.ReplaceLineEndings("\n").Split('\n').Cast<object?>().ToList();
                return lines is [.., ""] ? lines[..^1] : lines;
            case "startswith":
                return Alternatives(arguments.Require(0, "prefix")).Any(p => text.StartsWith(p, StringComparison.Ordinal));
            case "endswith":
                return Alternatives(arguments.Require(0, "suffix")).Any(p => text.EndsWith(p, StringComparison.Ordinal));
            case "removeprefix":
                return arguments.RequireText(0, "prefix") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
            case "removesuffix":
                return arguments.RequireText(0, "suffix") is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;
            case "replace":
                return Replace(text, arguments.RequireText(0, "old"), arguments.RequireText(1, "new"), arguments.Integer(2, "count", -1), budget);
            case "upper":
                return text.ToUpperInvariant();
            case "lower" or "casefold":
                return text.ToLowerInvariant();
            case "title":
                return Title(text);
            case "capitalize":
                return Capitalize(text);
            case "find":
                return (long)text.IndexOf(arguments.RequireText(0, "sub"), StringComparison.Ordinal);
            case "rfind":
                return (long)text.LastIndexOf(arguments.RequireText(0, "sub"), StringComparison.Ordinal);
            case "count":
                return (long)(text.Split(arguments.RequireText(0, "sub")).Length - 1);
            case "join":
                var parts = TemplateValue.Iterate(arguments.Require(0, "iterable"))
                    .ConvertAll(i => i as string ?? throw TemplateValue.Error($"join needs strings, not {TemplateValue.TypeName(i)}"));
                budget.Characters(parts.Sum(p => (long)p.Length + text.Length));
                return string.Join(text, parts);
            case "format":
                return Format(text, arguments);
            case "partition" or "rpartition":
                return Partition(text, arguments.RequireText(0, "sep"), last: name == "rpartition");
            case "zfill":
                return text.PadLeft((int)Math.Clamp(arguments.Integer(0, "width", 0), 0, 1024), '0');
            case "isdigit" or "isdecimal" or "isnumeric":
                return text.Length > 0 && text.All(char.IsDigit);
            case "isalpha":
                return text.Length > 0 && text.All(char.IsLetter);
            case "isalnum":
                return text.Length > 0 && text.All(char.IsLetterOrDigit);
            case "isspace":
                return text.Length > 0 && text.All(char.IsWhiteSpace);
            case "isupper":
                return text.Any(char.IsUpper) && !text.Any(char.IsLower);
            case "islower":
                return text.Any(char.IsLower) && !text.Any(char.IsUpper);
            default:
                throw TemplateValue.Error($"the string method '{name}' is not supported");
        }
    }

    private static object? CallDictionary(TemplateDictionary dictionary, string name, CallArguments arguments)
    {
        switch (name)
        {
            case "get":
                return dictionary.TryGet(arguments.Require(0, "key"), out var value) ? value : arguments.Get(1, "default");
            case "items":
                return Items(dictionary);
            case "keys":
                return dictionary.Keys.Cast<object?>().ToList();
            case "values":
                return dictionary.Values.ToList();
            case "copy":
                var copy = new TemplateDictionary();
                foreach (var (key, item) in dictionary.Items)
                {
                    copy[key] = item;
                }

                return copy;
            case "update" or "pop" or "popitem" or "clear" or "setdefault":
                throw TemplateValue.Error($"'{name}' would change a dictionary, which templates may not");
            default:
                throw TemplateValue.Error($"the dictionary method '{name}' is not supported");
        }
    }

    private static object CallList(List<object?> list, string name, CallArguments arguments)
    {
        switch (name)
        {
            case "index":
                var found = list.FindIndex(i => TemplateValue.AreEqual(i, arguments.Require(0, "value")));
                return found >= 0 ? (long)found : throw TemplateValue.Error("the list does not hold that value");
            case "count":
                return (long)list.Count(i => TemplateValue.AreEqual(i, arguments.Require(0, "value")));
            case "copy":
                return list.ToList();
            case "append" or "extend" or "insert" or "pop" or "remove" or "clear" or "sort" or "reverse":
                throw TemplateValue.Error($"'{name}' would change a list, which templates may not");
            default:
                throw TemplateValue.Error($"the list method '{name}' is not supported");
        }
    }

    private static IEnumerable<string> Alternatives(object? value) => value switch
    {
        string text => [text],
        List<object?> list => list.Select(i => i as string ?? throw TemplateValue.Error("expected strings")),
        _ => throw TemplateValue.Error($"expected a string, not {TemplateValue.TypeName(value)}"),
    };

    private List<object?> Split(string text, string? separator, long maxSplit, bool fromRight)
    {
        budget.Characters(text.Length);
        if (separator is { Length: 0 })
        {
            throw TemplateValue.Error("empty separator");
        }

        List<string> parts = separator is null
            ? [.. text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)]
            : [.. text.Split(separator)];
        if (maxSplit < 0 || parts.Count <= maxSplit + 1)
        {
            return [.. parts];
        }

        if (separator is null)
        {
            throw TemplateValue.Error("split by white space with a limit is not supported");
        }

        var limit = (int)maxSplit;
        return fromRight
            ? [string.Join(separator, parts[..^limit]), .. parts[^limit..]]
            : [.. parts[..limit], string.Join(separator, parts[limit..])];
    }

    private static List<object?> Partition(string text, string separator, bool last)
    {
        var at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : last ? ["", "", text] : [text, "", ""];
    }

    /// <summary>{}, {0} and {name}; format specifications are refused.</summary>
    private string Format(string text, CallArguments arguments)
    {
        var builder = new StringBuilder();
        var automatic = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i])
            {
                builder.Append(text[i++]);
                continue;
            }

            if (text[i] != '{')
            {
                builder.Append(text[i]);
                continue;
            }

            var end = text.IndexOf('}', i);
            var field = end > 0 ? text[(i + 1)..end] : throw TemplateValue.Error("format: a field has no end");
            if (field.AsSpan().ContainsAny(":!.["))
            {
                throw TemplateValue.Error($"format: the field '{{{field}}}' is not supported");
            }

            budget.Append(builder, TemplateValue.ToText(
                field.Length == 0 ? arguments.Require(automatic++, "field")
                : int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? arguments.Require(index, field)
                : arguments.Require(int.MaxValue, field)));
            i = end;
        }

        return builder.ToString();
    }
}
