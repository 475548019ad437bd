using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Methods of Python's str; places are counted in characters, arguments are taken by place only where Python takes them so.</summary>
internal sealed class StringMethods(RenderBudget budget)
{
    /// <param name="count">Most replacements; negative: all.</param>
    public static string Replace(string text, string old, string by, long count, RenderBudget budget)
    {
        var places = old.Length == 0 ? PythonText.Length(text) + 1L : text.AsSpan().Count(old);
        budget.Characters(text.Length + ((count < 0 ? places : Math.Min(places, count)) * Math.Max(0, by.Length - old.Length)));
        if (old.Length == 0)
        {
            return string.Concat(PythonText.Characters(text).Append("").Select((character, i) => count < 0 || i < count ? by + character : character));
        }

        if (count < 0 || count >= places)
        {
            return text.Replace(old, by, StringComparison.Ordinal);
        }

        var builder = new StringBuilder();
        var at = 0;
        for (; count > 0; count--)
        {
            var found = text.IndexOf(old, at, StringComparison.Ordinal);
            builder.Append(text, at, found - at).Append(by);
            at = found + old.Length;
        }

        return builder.Append(text, at, text.Length - at).ToString();
    }

    public static List<object?> Split(string text, string? separator, long limit, bool fromRight)
    {
        if (separator is { Length: 0 })
        {
            throw TemplateValue.Error("empty separator");
        }

        if (separator is null)
        {
            return SplitSpace(text, limit, fromRight);
        }

        var parts = new List<object?>();
        var (start, end) = (0, text.Length);
        for (; limit != 0; limit--)
        {
            var at = fromRight ? text.AsSpan(0, end).LastIndexOf(separator) : text.IndexOf(separator, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            parts.Add(fromRight ? text[(at + separator.Length)..end] : text[start..at]);
            (start, end) = fromRight ? (start, at) : (at + separator.Length, end);
        }

        parts.Add(text[start..end]);
        if (fromRight)
        {
            parts.Reverse();
        }

        return parts;
    }

    public object? Call(string text, string name, CallArguments arguments)
    {
        budget.Characters(text.Length);
        switch (name)
        {
            case "strip" or "lstrip" or "rstrip":
                return PythonText.Strip(text, arguments.Expect(0, 1).Text(0, "chars"), left: name != "rstrip", right: name != "lstrip");
            case "split" or "rsplit":
                return Split(text, arguments.Expect(0, 2, "sep", "maxsplit").Text(0, "sep"), arguments.Integer(1, "maxsplit", -1), fromRight: name == "rsplit");
            case "splitlines":
                return PythonText.Lines(text, arguments.Expect(0, 1, "keepends").Flag(0, "keepends")).ConvertAll(line => (object?)line);
            case "startswith" or "endswith":
                var window = Window(text, arguments.Expect(1, 3), out _);
                return Alternatives(arguments.Positional[0]).Any(p => window is not null
                    && (name == "startswith" ? window.StartsWith(p, StringComparison.Ordinal) : window.EndsWith(p, StringComparison.Ordinal)));
            case "find" or "rfind" or "index" or "rindex":
                return Find(text, name, arguments.Expect(1, 3));
            case "count":
                var part = arguments.Expect(1, 3).RequireText(0, "sub");
                return Window(text, arguments, out _) is not { } counted ? 0L : part.Length == 0 ? PythonText.Length(counted) + 1L : counted.AsSpan().Count(part);
            case "removeprefix":
                return arguments.Expect(1, 1).RequireText(0, "prefix") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
            case "removesuffix":
                return arguments.Expect(1, 1).RequireText(0, "suffix") is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;
            case "replace":
                return Replace(text, arguments.Expect(2, 3, "", "", "count").RequireText(0, "old"), arguments.RequireText(1, "new"), arguments.Integer(2, "count", -1), budget);
            case "join":
                var parts = TemplateValue.Iterate(arguments.Expect(1, 1).Positional[0])
                    .Select(i => TemplateValue.Plain(i) as string ?? throw TemplateValue.Error($"join needs strings, not {TemplateValue.TypeName(i)}")).ToList();
                budget.Characters(parts.Sum(p => (long)p.Length + text.Length));
                return string.Join(text, parts);
            case "format":
                return new TextFormatter(budget).Braces(text, arguments);
            case "partition" or "rpartition":
                return Partition(text, arguments.Expect(1, 1).RequireText(0, "sep"), last: name == "rpartition");
            case "center" or "ljust" or "rjust" or "zfill":
                return Pad(text, name, arguments.Expect(1, name == "zfill" ? 1 : 2));
            case "expandtabs":
                return ExpandTabs(text, arguments.Expect(0, 1, "tabsize").Integer(0, "tabsize", 8));
            default:
                arguments.Expect(0, 0);
                return Describe(text, name);
        }
    }

    private static object Describe(string text, string name) => name switch
    {
        "upper" => PythonCasing.Upper(text),
        "lower" => PythonCasing.Lower(text),
        "casefold" when Ascii.IsValid(text) => text.ToLowerInvariant(),
        "swapcase" when Ascii.IsValid(text) => string.Concat(text.Select(c => char.IsAsciiLetterLower(c) ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c))),
        "title" => PythonCasing.Title(text),
        "capitalize" => PythonCasing.Capitalize(text),
        "isdigit" => All(text, rune => CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0),
        "isdecimal" => All(text, rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber),
        "isnumeric" => All(text, IsNumeric),
        "isalpha" => All(text, Rune.IsLetter),
        "isalnum" => All(text, rune => Rune.IsLetter(rune) || IsNumeric(rune)),
        "isspace" => text.Length > 0 && PythonText.IsSpace(text.AsSpan()),
        "isascii" => Ascii.IsValid(text),
        "isprintable" => text.Length == 0 || All(text, PythonText.IsPrintable),
        "isupper" => PythonText.HasCase(text, lower: false),
        "islower" => PythonText.HasCase(text, lower: true),
        "istitle" => PythonText.IsTitle(text),
        _ => throw TemplateValue.Error($"the string method '{name}' is not supported{(Ascii.IsValid(text) ? "" : " for this text")}"),
    };

    private static bool IsNumeric(Rune rune) => CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) is not -1;

    private static bool All(string text, Func<Rune, bool> holds)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!holds(rune))
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    /// <summary>text[start:end] of the arguments after the first; null where it begins behind the end.</summary>
    private static string? Window(string text, CallArguments arguments, out int start)
    {
        start = 0;
        if (arguments.Positional.Count < 2)
        {
            return text;
        }

        var characters = PythonText.Characters(text);
        long Bound(int index, long otherwise)
        {
            var value = arguments.Get(index, "") is null ? otherwise : arguments.Integer(index, "a place", otherwise);
            return value < 0 ? Math.Max(0, value + characters.Count) : value;
        }

        var (from, to) = (Bound(1, 0), Math.Min(Bound(2, characters.Count), characters.Count));
        if (from > characters.Count || from > to)
        {
            return null;
        }

        start = (int)from;
        return string.Concat(characters.Skip(start).Take((int)to - start));
    }

    private static long Find(string text, string name, CallArguments arguments)
    {
        var part = arguments.RequireText(0, "sub");
        var window = Window(text, arguments, out var start);
        var last = name[0] == 'r';
        var at = window is null ? -1 : last ? (part.Length == 0 ? window.Length : window.AsSpan().LastIndexOf(part)) : window.IndexOf(part, StringComparison.Ordinal);
        return at >= 0 ? start + PythonText.Length(window.AsSpan(0, at))
            : name.EndsWith("index", StringComparison.Ordinal) ? throw TemplateValue.Error("substring not found") : -1;
    }

    private static IEnumerable<string> Alternatives(object? value) => TemplateValue.Plain(value) switch
    {
        string text => [text],
        TemplateTuple tuple => [.. tuple.Items.Select(i => TemplateValue.Plain(i) as string ?? throw TemplateValue.Error("a tuple of strings is needed"))],
        Undefined undefined => throw undefined.Error(),
        _ => throw TemplateValue.Error($"a string or a tuple of strings is needed, not {TemplateValue.TypeName(value)}"),
    };

    /// <summary>Words, once through the text. The last one of a limited split keeps the white space at the far end of the text.</summary>
    private static List<object?> SplitSpace(string text, long limit, bool fromRight)
    {
        var parts = new List<object?>();
        var (start, end) = (0, text.Length);
        while (true)
        {
            // The near end is stripped before each word, as Python does, and the far one left alone.
            while (start < end && PythonText.IsSpace(fromRight ? text[end - 1] : text[start]))
            {
                (start, end) = fromRight ? (start, end - 1) : (start + 1, end);
            }

            if (start == end)
            {
                break;
            }

            if (limit == parts.Count)
            {
                parts.Add(text[start..end]);
                break;
            }

            var at = fromRight ? end : start;
            while (fromRight ? at > start && !PythonText.IsSpace(text[at - 1]) : at < end && !PythonText.IsSpace(text[at]))
            {
                at += fromRight ? -1 : 1;
            }

            parts.Add(fromRight ? text[at..end] : text[start..at]);
            (start, end) = fromRight ? (start, at) : (at, end);
        }

        if (fromRight)
        {
            parts.Reverse();
        }

        return parts;
    }

    private string Pad(string text, string name, CallArguments arguments)
    {
        var width = arguments.Integer(0, "width", 0);
        budget.Characters(Math.Max(0, width));
        var missing = (int)Math.Max(0, width - PythonText.Length(text));
        if (name == "zfill")
        {
            var sign = text.Length > 0 && text[0] is '+' or '-' ? text[..1] : "";
            return sign + new string('0', missing) + text[sign.Length..];
        }

        var fill = arguments.Positional.Count > 1 ? arguments.RequireText(1, "fillchar") : " ";
        if (PythonText.Length(fill) != 1)
        {
            throw TemplateValue.Error($"{name} needs one character to fill with");
        }

        var left = name switch { "ljust" => 0, "rjust" => missing, _ => (missing / 2) + (missing & (int)width & 1) };
        string Filling(int count) => string.Concat(Enumerable.Repeat(fill, count));
        return Filling(left) + text + Filling(missing - left);
    }

    private string ExpandTabs(string text, long size)
    {
        budget.Characters(text.Length + (text.AsSpan().Count('\t') * Math.Clamp(size, 0, int.MaxValue)));
        var builder = new StringBuilder();
        var column = 0L;
        foreach (var rune in text.EnumerateRunes())
        {
            var spaces = size > 0 ? size - (column % size) : 0;
            builder.Append(rune.Value == '\t' ? new string(' ', (int)spaces) : rune.ToString());
            column = rune.Value switch { '\n' or '\r' => 0, '\t' => column + spaces, _ => column + 1 };
        }

        return builder.ToString();
    }

    private static TemplateTuple Partition(string text, string separator, bool last)
    {
        if (separator.Length == 0)
        {
            throw TemplateValue.Error("empty separator");
        }

        var at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return new TemplateTuple(at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : last ? ["", "", text] : [text, "", ""]);
    }
}
