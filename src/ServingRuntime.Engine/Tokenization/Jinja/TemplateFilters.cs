using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>What may stand after a bar.</summary>
internal sealed class TemplateFilters(RenderBudget budget)
{
    public object? Apply(string name, object? value, CallArguments arguments)
    {
        budget.Characters(value is string text ? text.Length : 0);
        switch (name)
        {
            case "trim":
                return arguments.Text(0, "chars") is { } characters ? Text(value).Trim(characters.ToCharArray()) : Text(value).Trim();
            case "length" or "count":
                return TemplateValue.Length(value);
            case "upper":
                return Text(value).ToUpperInvariant();
            case "lower":
                return Text(value).ToLowerInvariant();
            case "title":
                return TemplateMethods.Title(Text(value));
            case "capitalize":
                return TemplateMethods.Capitalize(Text(value));
            case "string":
                return budget.Checked(Text(value));
            case "safe":
                return new SafeText(budget.Checked(Text(value)));
            case "int":
                return ToInteger(value, arguments);
            case "float":
                return ToFloat(value, arguments);
            case "abs":
                return value switch { long number => Math.Abs(number), double number => Math.Abs(number), _ => throw NotANumber(value) };
            case "round":
                return TemplateValue.TryNumber(value, out var real)
                    ? Math.Round(real, (int)Math.Clamp(arguments.Integer(0, "precision", 0), 0, 15), MidpointRounding.ToEven)
                    : throw NotANumber(value);
            case "default" or "d":
                var missing = value is Undefined || (arguments.Flag(1, "boolean") && !TemplateValue.IsTrue(value));
                return missing ? arguments.TryGet(0, "default_value", out var otherwise) ? otherwise : "" : value;
            case "replace":
                return TemplateMethods.Replace(Text(value), arguments.RequireText(0, "old"), arguments.RequireText(1, "new"), arguments.Integer(2, "count", -1), budget);
            case "tojson":
                return budget.Checked(ToJson(value, arguments));
            case "indent":
                return Indent(Text(value), arguments);
            case "escape" or "e":
                return new SafeText(budget.Checked(SafeText.Escape(Text(value))));
            default:
                return ApplyToSequence(name, value, arguments);
        }
    }

    private object? ApplyToSequence(string name, object? value, CallArguments arguments)
    {
        if (name is "items" && value is not TemplateDictionary)
        {
            return value is Undefined ? new List<object?>() : throw TemplateValue.Error("items needs a mapping");
        }

        switch (name)
        {
            case "items":
                return TemplateMethods.Items((TemplateDictionary)value!);
            case "dictsort":
                var sorted = value is TemplateDictionary dictionary ? TemplateMethods.Items(dictionary) : throw TemplateValue.Error("dictsort needs a mapping");
                var by = arguments.Text(1, "by") == "value" ? 1 : 0;
                return Sorted(sorted, item => ((List<object?>)item!)[by], arguments.Flag(0, "case_sensitive"), arguments.Flag(2, "reverse"));
            case "first":
                return TemplateValue.Iterate(value) is [var first, ..] ? first : new Undefined("the first item of nothing");
            case "last":
                return TemplateValue.Iterate(value) is [.., var last] ? last : new Undefined("the last item of nothing");
            case "list":
                return Charged(TemplateValue.Iterate(value)).ToList();
            case "reverse":
                var reversed = Charged(TemplateValue.Iterate(value)).ToList();
                reversed.Reverse();
                return value is string ? string.Concat(reversed) : reversed;
            case "join":
                return Join(value, arguments);
            case "map":
                return Map(value, arguments);
            case "select" or "reject":
                return Charged(TemplateValue.Iterate(value)).Where(item => Holds(item, arguments, 0) == (name == "select")).ToList();
            case "selectattr" or "rejectattr":
                var attribute = arguments.RequireText(0, "attribute");
                return Charged(TemplateValue.Iterate(value)).Where(item => Holds(Attribute(item, attribute), arguments, 1) == (name == "selectattr")).ToList();
            case "unique":
                return Unique(Charged(TemplateValue.Iterate(value)));
            case "sort":
                var key = arguments.Text(2, "attribute");
                return Sorted(Charged(TemplateValue.Iterate(value)), item => key is null ? item : Attribute(item, key), arguments.Flag(1, "case_sensitive"), arguments.Flag(0, "reverse"));
            case "min" or "max":
                var ordered = Sorted(Charged(TemplateValue.Iterate(value)), item => item, caseSensitive: false, reverse: name == "max");
                return ordered.Count > 0 ? ordered[0] : new Undefined($"the {name} of nothing");
            case "sum":
                var attributeToAdd = arguments.Text(0, "attribute");
                return Charged(TemplateValue.Iterate(value)).Select(item => attributeToAdd is null ? item : Attribute(item, attributeToAdd))
                    .Aggregate(arguments.Get(1, "start") ?? 0L, (total, item) => Arithmetic.Apply("+", total, item, budget)!);
            default:
                throw TemplateValue.Error($"the filter '{name}' is not supported");
        }
    }

    private static string Text(object? value) => TemplateValue.ToText(value);

    private static TemplateException NotANumber(object? value) => TemplateValue.Error($"'{TemplateValue.TypeName(value)}' is no number");

    private List<object?> Charged(List<object?> items)
    {
        budget.Step(1 + items.Count);
        return items;
    }

    private static object? Attribute(object? item, string path)
    {
        foreach (var part in path.Split('.'))
        {
            item = TemplateValue.GetItem(item, long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : part);
        }

        return item;
    }

    private static bool Holds(object? value, CallArguments arguments, int testAt)
        => arguments.Text(testAt, "test") is { } test ? TemplateTests.Apply(test, value, arguments.Skip(testAt + 1)) : TemplateValue.IsTrue(value);

    private List<object?> Map(object? value, CallArguments arguments)
    {
        var items = Charged(TemplateValue.Iterate(value));
        if (arguments.Named.TryGetValue("attribute", out var attribute))
        {
            var path = TemplateValue.ToText(attribute);
            return items.ConvertAll(item => Attribute(item, path) is var found && found is Undefined && arguments.Named.TryGetValue("default", out var otherwise) ? otherwise : found);
        }

        var filter = arguments.RequireText(0, "filter");
        return items.ConvertAll(item => Apply(filter, item, arguments.Skip(1)));
    }

    private string Join(object? value, CallArguments arguments)
    {
        var attribute = arguments.Text(1, "attribute");
        var parts = Charged(TemplateValue.Iterate(value)).ConvertAll(item => Text(attribute is null ? item : Attribute(item, attribute)));
        var separator = arguments.TryGet(0, "d", out var given) ? Text(given) : "";
        budget.Characters(parts.Sum(p => (long)p.Length) + ((long)separator.Length * parts.Count));
        return string.Join(separator, parts);
    }

    private static List<object?> Unique(List<object?> items)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return items.FindAll(item => seen.Add(item is string text ? "s" + text.ToLowerInvariant() : TemplateValue.Represent(item)));
    }

    private static List<object?> Sorted(List<object?> items, Func<object?, object?> key, bool caseSensitive, bool reverse)
    {
        object? Fold(object? value) => value is string text && !caseSensitive ? text.ToLowerInvariant() : value;
        var comparer = Comparer<object?>.Create((a, b) => TemplateValue.Compare(Fold(key(a)), Fold(key(b))));
        try
        {
            return reverse ? [.. items.OrderDescending(comparer)] : [.. items.Order(comparer)];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateException inner)
        {
            throw inner;
        }
    }

    private static object ToInteger(object? value, CallArguments arguments)
    {
        var otherwise = arguments.Integer(0, "default", 0);
        return value switch
        {
            long or bool => TemplateValue.TryInteger(value, out var integer) ? integer : otherwise,
            double number when Math.Abs(number) < 9e18 => (long)number,
            string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) => parsed,
            string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && Math.Abs(real) < 9e18 => (long)real,
            _ => otherwise,
        };
    }

    private static object ToFloat(object? value, CallArguments arguments) => value switch
    {
        string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) => parsed,
        long or double or bool => TemplateValue.TryNumber(value, out var number) ? number : 0.0,
        _ => TemplateValue.TryNumber(arguments.Get(0, "default"), out var otherwise) ? otherwise : 0.0,
    };

    private static string ToJson(object? value, CallArguments arguments)
    {
        int? indent = arguments.Get(0, "indent") is long width ? (int)Math.Clamp(width, 0, 16) : null;
        if (arguments.Named.TryGetValue("ensure_ascii", out var ascii) && TemplateValue.IsTrue(ascii))
        {
            throw TemplateValue.Error("tojson with ensure_ascii is not supported");
        }

        var separators = arguments.Named.GetValueOrDefault("separators") as List<object?>;
        return TemplateJson.Serialize(
            value, indent, separators is [string item, ..] ? item : null, separators is [_, string key] ? key : null,
            arguments.Named.TryGetValue("sort_keys", out var sort) && TemplateValue.IsTrue(sort));
    }

    private string Indent(string text, CallArguments arguments)
    {
        var prefix = arguments.Get(0, "width") switch { string given => given, long width => new string(' ', (int)Math.Clamp(width, 0, 64)), _ => "    " };
        var lines = text.Split('\n');
        budget.Characters(text.Length + ((long)prefix.Length * lines.Length));
        var blank = arguments.Flag(2, "blank");
        for (var i = arguments.Flag(1, "first") ? 0 : 1; i < lines.Length; i++)
        {
            lines[i] = lines[i].Length > 0 || blank ? prefix + lines[i] : lines[i];
        }

        return string.Join('\n', lines);
    }
}
