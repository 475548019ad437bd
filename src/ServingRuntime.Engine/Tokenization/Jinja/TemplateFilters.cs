using System.Collections.Frozen;
using System.Numerics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>What may stand after a bar: filters of single values here, those of sequences in <see cref="SequenceFilters"/>.</summary>
internal sealed class TemplateFilters
{
    /// <summary>Jinja's filters that are built, with the names of their parameters in order and how many of them have no default; "*": checked by the filter itself.</summary>
    private static readonly FrozenDictionary<string, (int Required, string[] Parameters)> Signatures = new Dictionary<string, (int, string[])>(StringComparer.Ordinal)
    {
        ["abs"] = (0, []), ["upper"] = (0, []), ["lower"] = (0, []), ["title"] = (0, []), ["capitalize"] = (0, []), ["string"] = (0, []), ["safe"] = (0, []), ["escape"] = (0, []), ["e"] = (0, []),
        ["forceescape"] = (0, []), ["length"] = (0, []), ["count"] = (0, []), ["wordcount"] = (0, []), ["items"] = (0, []), ["first"] = (0, []), ["last"] = (0, []), ["list"] = (0, []), ["reverse"] = (0, []),
        ["trim"] = (0, ["chars"]), ["int"] = (0, ["default", "base"]), ["float"] = (0, ["default"]), ["round"] = (0, ["precision", "method"]),
        ["default"] = (0, ["default_value", "boolean"]), ["d"] = (0, ["default_value", "boolean"]), ["replace"] = (2, ["old", "new", "count"]),
        ["tojson"] = (0, ["ensure_ascii", "indent", "separators", "sort_keys"]), ["indent"] = (0, ["width", "first", "blank"]), ["center"] = (0, ["width"]),
        ["truncate"] = (0, ["length", "killwords", "end", "leeway"]), ["dictsort"] = (0, ["case_sensitive", "by", "reverse"]), ["join"] = (0, ["d", "attribute"]),
        ["unique"] = (0, ["case_sensitive", "attribute"]), ["sort"] = (0, ["reverse", "case_sensitive", "attribute"]), ["min"] = (0, ["case_sensitive", "attribute"]),
        ["max"] = (0, ["case_sensitive", "attribute"]), ["sum"] = (0, ["attribute", "start"]), ["groupby"] = (1, ["attribute", "default", "case_sensitive"]),
        ["batch"] = (1, ["linecount", "fill_with"]), ["slice"] = (1, ["slices", "fill_with"]),
        ["map"] = (0, ["*"]), ["select"] = (0, ["*"]), ["reject"] = (0, ["*"]), ["selectattr"] = (0, ["*"]), ["rejectattr"] = (0, ["*"]), ["format"] = (0, ["*"]),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly RenderBudget budget;
    private readonly SequenceFilters sequences;

    public TemplateFilters(RenderBudget budget)
    {
        this.budget = budget;
        sequences = new SequenceFilters(this, budget);
    }

    /// <summary>All filters of Jinja 3.1, also those that are not built: any other name is refused before anything runs, as Jinja does.</summary>
    public static FrozenSet<string> Names { get; } = Signatures.Keys
        .Concat(["attr", "filesizeformat", "pprint", "random", "striptags", "urlencode", "urlize", "wordwrap", "xmlattr"]).ToFrozenSet(StringComparer.Ordinal);

    public object? Apply(string name, object? value, CallArguments arguments)
    {
        if (!Signatures.TryGetValue(name, out var signature))
        {
            throw TemplateValue.Error($"the filter '{name}' is not supported");
        }

        if (signature.Parameters is not ["*"])
        {
            arguments.Expect(signature.Required, signature.Parameters.Length, signature.Parameters);
        }

        budget.Characters(value is string text ? text.Length : 0);
        switch (name)
        {
            case "trim":
                return Kept(value, PythonText.Strip(Text(value), arguments.Text(0, "chars")));
            case "upper":
                return Kept(value, PythonCasing.Upper(Text(value)));
            case "lower":
                return Kept(value, PythonCasing.Lower(Text(value)));
            case "capitalize":
                return Kept(value, PythonCasing.Capitalize(Text(value)));
            case "center":
                return Kept(value, (string)new StringMethods(budget).Call(Text(value), "center", CallArguments.Of(name, arguments.Integer(0, "width", 80)))!);
            case "title":
                return Title(Text(value));
            case "length" or "count":
                return TemplateValue.TryLength(value) ?? throw TemplateValue.Error($"'{TemplateValue.TypeName(value)}' has no length");
            case "wordcount":
                return (long)Words(Text(value));
            case "string":
                return value is SafeText ? value : budget.Checked(Text(value));
            case "safe":
                return value is SafeText ? value : new SafeText(budget.Checked(Text(value)));
            case "escape" or "e" or "forceescape":
                return value is SafeText && name != "forceescape" ? value : new SafeText(budget.Checked(SafeText.Escape(Text(value))));
            case "int":
                return ToInteger(value, arguments);
            case "float":
                return ToFloat(value, arguments);
            case "abs":
                return Arithmetic.Absolute(value);
            case "round":
                return Round(value, arguments);
            case "default" or "d":
                var missing = value is Undefined || (arguments.Flag(1, "boolean") && !TemplateValue.IsTrue(value));
                return missing ? arguments.TryGet(0, "default_value", out var otherwise) ? otherwise : "" : value;
            case "replace":
                return StringMethods.Replace(
                    Text(value), Text(arguments.Require(0, "old")), Text(arguments.Require(1, "new")), arguments.Get(2, "count") is null ? -1 : arguments.Integer(2, "count", -1), budget);
            case "tojson":
                return budget.Checked(TemplateJson.Serialize(value, arguments, budget));
            case "indent":
                return Indent(value, arguments);
            case "truncate":
                return Truncate(value, arguments);
            case "format":
                return Format(value, arguments);
            default:
                return sequences.Apply(name, value, arguments);
        }
    }

    private static string Text(object? value) => TemplateText.Of(value);

    /// <summary>A string method of a safe text gives a safe text.</summary>
    private static object Kept(object? value, string text) => value is SafeText ? new SafeText(text) : text;

    /// <summary>Words begin after spaces, hyphens and opening brackets, other than with str.title.</summary>
    private static string Title(string text)
    {
        var parts = new List<string>();
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && !(PythonText.IsSpace(text[i]) || text[i] is '-' or '(' or '{' or '[' or '<'))
            {
                continue;
            }

            var word = PythonText.Characters(text[start..i]);
            parts.Add(word.Count == 0 ? "" : PythonCasing.Upper(word[0]) + PythonCasing.Lower(string.Concat(word.Skip(1))));
            parts.Add(i < text.Length ? text[i].ToString() : "");
            start = i + 1;
        }

        return string.Concat(parts);
    }

    private static int Words(string text)
    {
        var (words, inWord) = (0, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var isWord = rune.Value == '_' || System.Text.Rune.IsLetterOrDigit(rune) || System.Globalization.CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) is not -1;
            words += isWord && !inWord ? 1 : 0;
            inWord = isWord;
        }

        return words;
    }

    private object? Format(object? value, CallArguments arguments)
    {
        if (value is SafeText || (arguments.Positional.Count > 0 && arguments.Named.Count > 0))
        {
            throw TemplateValue.Error("format takes a plain string, and arguments by place or by name");
        }

        var names = new TemplateDictionary();
        foreach (var (name, item) in arguments.Named)
        {
            names.Set(name, item);
        }

        return new TextFormatter(budget).Percent(Text(value), arguments.Named.Count > 0 ? names : new TemplateTuple([.. arguments.Positional]));
    }

    private static object Round(object? value, CallArguments arguments)
    {
        var method = arguments.Text(1, "method") ?? "common";
        var precision = (int)Math.Clamp(arguments.Integer(0, "precision", 0), -5000, 5000);
        if (method is not ("common" or "ceil" or "floor"))
        {
            throw TemplateValue.Error("round: the method must be common, ceil or floor");
        }

        if (!PythonNumber.IsNumber(value))
        {
            throw (value as Undefined)?.Error() ?? TemplateValue.Error($"'{TemplateValue.TypeName(value)}' is no number");
        }

        if (method == "common")
        {
            return value is double real ? PythonRounding.Round(real, precision) : PythonRounding.Round(value!, precision);
        }

        if (precision is < 0 or > 22)
        {
            throw TemplateValue.Error("round: this precision is not supported with ceil or floor");
        }

        var scale = BigInteger.Pow(10, precision);
        var scaled = value is double number ? number * (double)scale : (object)PythonNumber.Integer(PythonNumber.Big(value) * scale);
        var whole = scaled is not double d ? PythonNumber.Big(scaled) : double.IsFinite(d) ? new BigInteger(method == "ceil" ? Math.Ceiling(d) : Math.Floor(d)) : throw TemplateValue.Error("cannot round what is not finite");
        return PythonNumber.Float(PythonNumber.Integer(whole)) / (double)scale;
    }

    private static object? ToInteger(object? value, CallArguments arguments)
    {
        var otherwise = arguments.TryGet(0, "default", out var given) ? given : 0L;
        switch (TemplateValue.Plain(value))
        {
            case bool or long or BigInteger:
                return PythonNumber.Integer(PythonNumber.Big(value));
            case double real:
                return double.IsNaN(real) ? otherwise : double.IsInfinity(real) ? throw TemplateValue.Error("cannot convert float infinity to integer") : PythonNumber.Integer(new BigInteger(real));
            case string text:
                var radix = arguments.Integer(1, "base", 10);
                return radix is 0 or (>= 2 and <= 36) && PythonNumber.TryParseInteger(text, (int)radix, out var integer) ? integer
                    : PythonNumber.TryParseFloat(text, out var parsed) && double.IsFinite(parsed) ? PythonNumber.Integer(new BigInteger(parsed)) : otherwise;
            case Undefined undefined:
                throw undefined.Error();
            default:
                return otherwise;
        }
    }

    private static object? ToFloat(object? value, CallArguments arguments) => TemplateValue.Plain(value) switch
    {
        string text when PythonNumber.TryParseFloat(text, out var parsed) => parsed,
        long or double or bool or BigInteger => PythonNumber.Float(value),
        Undefined undefined => throw undefined.Error(),
        _ => arguments.TryGet(0, "default", out var otherwise) ? otherwise : 0.0,
    };

    private object Indent(object? value, CallArguments arguments)
    {
        if (TemplateValue.Plain(value) is not string text)
        {
            throw (value as Undefined)?.Error() ?? TemplateValue.Error($"indent needs a string, not {TemplateValue.TypeName(value)}");
        }

        var width = arguments.TryGet(0, "width", out var given) ? TemplateValue.Plain(given) : 4L;
        budget.Characters(width is long spaces ? Math.Max(0, spaces) : 0);
        var prefix = width switch { string own => own, long count => new string(' ', (int)Math.Max(0, count)), bool flag => flag ? " " : "", _ => throw TemplateValue.Error("indent needs a string or integer as 'width'") };
        var lines = PythonText.Lines(text + "\n");
        budget.Characters(text.Length + ((long)prefix.Length * lines.Count));
        var blank = arguments.Flag(2, "blank");
        for (var i = 1; i < lines.Count; i++)
        {
            lines[i] = lines[i].Length > 0 || blank ? prefix + lines[i] : lines[i];
        }

        return Kept(value, (arguments.Flag(1, "first") ? prefix : "") + string.Join('\n', lines));
    }

    private static object? Truncate(object? value, CallArguments arguments)
    {
        var (length, leeway, end) = (arguments.Integer(0, "length", 255), arguments.Get(3, "leeway") is null ? 5 : arguments.Integer(3, "leeway", 5), arguments.Text(2, "end") ?? "...");
        if (length < PythonText.Length(end) || leeway < 0)
        {
            throw TemplateValue.Error("truncate needs a length not below that of the end");
        }

        if (TemplateValue.TryLength(value) - leeway <= length)
        {
            return value;
        }

        if (value is not string text)
        {
            throw TemplateValue.Error($"truncate needs a string, not {TemplateValue.TypeName(value)}");
        }

        var characters = PythonText.Characters(text);
        var kept = string.Concat(characters.Take((int)length - PythonText.Length(end)));
        return (arguments.Flag(1, "killwords") ? kept : (string)StringMethods.Split(kept, " ", 1, fromRight: true)[0]!) + end;
    }
}
