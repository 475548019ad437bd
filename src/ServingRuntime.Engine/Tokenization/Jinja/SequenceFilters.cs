using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Filters over sequences. Those that are generators in Jinja are here too: lazy, and gone through once.</summary>
internal sealed class SequenceFilters(TemplateFilters filters, RenderBudget budget)
{
    public object? Apply(string name, object? value, CallArguments arguments)
    {
        switch (name)
        {
            case "map":
                return new TemplateIterator(Map(value, arguments));
            case "select" or "reject" or "selectattr" or "rejectattr":
                return new TemplateIterator(Select(value, arguments, name.EndsWith("attr", StringComparison.Ordinal), name.StartsWith('s')));
            case "items":
                return new TemplateIterator(Items(value));
            case "unique":
                return new TemplateIterator(Unique(value, arguments));
            case "batch":
                return new TemplateIterator(Batch(value, arguments.Integer(0, "linecount", 1), arguments.Get(1, "fill_with")));
            case "slice":
                return new TemplateIterator(Slices(value, arguments));
            case "reverse":
                return Reverse(value);
            case "first":
                return Each(value).Select(item => (object?)new TemplateTuple([item])).FirstOrDefault() is TemplateTuple first ? first.Items[0] : new Undefined("the first item of nothing");
            case "last":
                return Backwards(value) is not { } backwards ? throw TemplateValue.Error($"'{TemplateValue.TypeName(value)}' cannot be reversed")
                    : backwards.Count > 0 ? backwards[0] : new Undefined("the last item of nothing");
            case "list":
                return Each(value).ToList();
            case "join":
                return Join(value, arguments);
            case "dictsort":
                return DictionarySort(value, arguments);
            case "sort":
                var keys = Keys(arguments.Get(2, "attribute"), caseSensitive: arguments.Flag(1, "case_sensitive"));
                return Sorted(Each(value).ToList(), keys, arguments.Flag(0, "reverse"));
            case "min" or "max":
                return Extreme(value, arguments, name == "max" ? 1 : -1);
            case "sum":
                return Sum(value, arguments);
            case "groupby":
                return GroupBy(value, arguments);
            default:
                throw TemplateValue.Error($"the filter '{name}' is not supported");
        }
    }

    private IEnumerable<object?> Each(object? value)
    {
        foreach (var item in TemplateValue.Iterate(value))
        {
            budget.Step();
            yield return item;
        }
    }

    /// <summary>The member at a path (a.b.0) of an item.</summary>
    private Func<object?, object?> Getter(object? path, object? otherwise = null, bool fold = false)
    {
        List<object?> parts = path switch
        {
            null => [],
            long => [path],
            string or SafeText => [.. TemplateText.Of(path).Split('.').Select(part => part.Length > 0 && part.All(char.IsAsciiDigit) && long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? (object?)index : part)],
            _ => throw TemplateValue.Error("an attribute is a name, a path or an index"),
        };
        return item =>
        {
            foreach (var part in parts)
            {
                item = TemplateValue.GetItem(item, part, budget);
                item = item is Undefined && otherwise is not null ? otherwise : item;
            }

            return fold ? Fold(item) : item;
        };
    }

    private static object? Fold(object? value) => TemplateValue.Plain(value) is string text ? PythonCasing.Lower(text) : value;

    private Func<object?, object?> Keys(object? attribute, bool caseSensitive)
    {
        var getters = attribute is string paths ? paths.Split(',').Select(path => Getter(path, fold: !caseSensitive)).ToList() : [Getter(attribute, fold: !caseSensitive)];
        return getters is [var single] ? single : item => getters.Select(getter => getter(item)).ToList();
    }

    private IEnumerable<object?> Map(object? value, CallArguments arguments)
    {
        if (!TemplateValue.IsTrue(value))
        {
            yield break;
        }

        Func<object?, object?> convert;
        if (arguments.Positional.Count == 0 && arguments.Named.TryGetValue("attribute", out var attribute))
        {
            if (arguments.Named.Keys.Any(key => key is not ("attribute" or "default")))
            {
                throw TemplateValue.Error("map knows 'attribute' and 'default' only");
            }

            convert = Getter(attribute, arguments.Named.GetValueOrDefault("default"));
        }
        else
        {
            var filter = arguments.Positional.Count > 0 ? arguments.RequireText(0, "filter") : throw TemplateValue.Error("map needs a filter");
            var rest = arguments.Skip(1);
            convert = item => filters.Apply(filter, item, rest);
        }

        foreach (var item in Each(value))
        {
            yield return convert(item);
        }
    }

    private IEnumerable<object?> Select(object? value, CallArguments arguments, bool byAttribute, bool wanted)
    {
        if (!TemplateValue.IsTrue(value))
        {
            yield break;
        }

        var at = byAttribute ? 1 : 0;
        var getter = !byAttribute ? (item => item) : arguments.Positional.Count > 0 ? Getter(arguments.Positional[0]) : throw TemplateValue.Error("selectattr and rejectattr need an attribute");
        var test = arguments.Positional.Count > at ? arguments.RequireText(at, "test") : null;
        var rest = arguments.Skip(at + 1);
        foreach (var item in Each(value))
        {
            var subject = getter(item);
            if ((test is null ? TemplateValue.IsTrue(subject) : TemplateTests.Apply(test, subject, rest, budget)) == wanted)
            {
                yield return item;
            }
        }
    }

    private IEnumerable<object?> Items(object? value)
    {
        if (value is Undefined)
        {
            yield break;
        }

        foreach (var item in Each(value is TemplateDictionary dictionary ? new TemplateView("items", dictionary) : throw TemplateValue.Error("items needs a mapping")))
        {
            yield return item;
        }
    }

    private IEnumerable<object?> Unique(object? value, CallArguments arguments)
    {
        var key = Getter(arguments.Get(1, "attribute"), fold: !arguments.Flag(0, "case_sensitive"));
        var seen = new TemplateDictionary();
        foreach (var item in Each(value))
        {
            var of = key(item);
            if (!seen.TryGet(of, out _))
            {
                seen.Set(of, true);
                yield return item;
            }
        }
    }

    private IEnumerable<object?> Batch(object? value, long size, object? filling)
    {
        var batch = new List<object?>();
        foreach (var item in Each(value))
        {
            if (batch.Count == size)
            {
                yield return batch;
                batch = [];
            }

            batch.Add(item);
        }

        if (batch.Count > 0)
        {
            while (filling is not null && batch.Count < size)
            {
                budget.Step();
                batch.Add(filling);
            }

            yield return batch;
        }
    }

    private IEnumerable<object?> Slices(object? value, CallArguments arguments)
    {
        var items = Each(value).ToList();
        var count = arguments.Integer(0, "slices", 1);
        var filling = arguments.Get(1, "fill_with");
        var (each, longer) = count != 0 ? (items.Count / count, items.Count % count) : throw TemplateValue.Error("division by zero");
        var at = 0;
        for (var i = 0L; i < count; i++)
        {
            budget.Step();
            var size = (int)(each + (i < longer ? 1 : 0));
            var slice = items.GetRange(at, size);
            at += size;
            if (filling is not null && i >= longer)
            {
                slice.Add(filling);
            }

            yield return slice;
        }
    }

    private object Reverse(object? value)
    {
        if (TemplateValue.Plain(value) is string text)
        {
            var characters = PythonText.Characters(text);
            characters.Reverse();
            return value is SafeText ? new SafeText(string.Concat(characters)) : string.Concat(characters);
        }

        if (Backwards(value) is { } backwards)
        {
            return new TemplateIterator(backwards);
        }

        var list = Each(value).ToList();
        list.Reverse();
        return list;
    }

    /// <summary>What Python's reversed() takes; null: not this.</summary>
    private List<object?>? Backwards(object? value)
    {
        if (value is TemplateIterator || !TemplateValue.CanIterate(value))
        {
            return null;
        }

        var items = Each(value).ToList();
        items.Reverse();
        return items;
    }

    private string Join(object? value, CallArguments arguments)
    {
        var getter = Getter(TemplateValue.IsTrue(arguments.Get(1, "attribute")) ? arguments.Get(1, "attribute") : null);
        var separator = arguments.TryGet(0, "d", out var given) ? TemplateText.Of(given) : "";
        var parts = new List<string>();
        var length = 0L;
        foreach (var item in Each(value))
        {
            parts.Add(TemplateText.Of(getter(item)));
            length += parts[^1].Length + separator.Length;
            budget.Characters(length > int.MaxValue ? int.MaxValue : parts[^1].Length);
        }

        budget.Characters(length);
        return string.Join(separator, parts);
    }

    private List<object?> DictionarySort(object? value, CallArguments arguments)
    {
        var at = (arguments.TryGet(1, "by", out var by) ? TemplateValue.Plain(by) : "key") switch { "key" => 0, "value" => 1, _ => throw TemplateValue.Error("dictsort sorts by 'key' or 'value'") };
        var caseSensitive = arguments.Flag(0, "case_sensitive");
        var items = value is TemplateDictionary dictionary ? Each(new TemplateView("items", dictionary)).ToList() : throw TemplateValue.Error("dictsort needs a mapping");
        return Sorted(items, item => ((TemplateTuple)item!).Items[at] is var key && caseSensitive ? key : Fold(key), arguments.Flag(2, "reverse"));
    }

    private List<object?> Sorted(List<object?> items, Func<object?, object?> key, bool reverse)
    {
        var keyed = items.ConvertAll(item => (Key: key(item), Item: item));
        var comparer = Comparer<object?>.Create((a, b) =>
        {
            budget.Step();
            return TemplateValue.Compare(a, b) ?? throw TemplateValue.Error("sorting what holds nan is not supported");
        });
        try
        {
            return [.. (reverse ? keyed.OrderByDescending(pair => pair.Key, comparer) : keyed.OrderBy(pair => pair.Key, comparer)).Select(pair => pair.Item)];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateException inner)
        {
            throw inner;
        }
    }

    private object? Extreme(object? value, CallArguments arguments, int sign)
    {
        var key = Getter(arguments.Get(1, "attribute"), fold: !arguments.Flag(0, "case_sensitive"));
        (object? Key, object? Item)? best = null;
        foreach (var item in Each(value))
        {
            var of = key(item);
            best = best is { } held && TemplateValue.Compare(of, held.Key) * sign is not > 0 ? best : (of, item);
        }

        return best is { } found ? found.Item : new Undefined("the least or greatest of nothing");
    }

    /// <summary>Python's sum(): floats with Neumaier's compensation, since 3.12.</summary>
    private object? Sum(object? value, CallArguments arguments)
    {
        var getter = Getter(arguments.Get(0, "attribute"));
        var total = arguments.TryGet(1, "start", out var start) ? start : 0L;
        if (total is string or SafeText)
        {
            throw TemplateValue.Error("sum cannot begin with a string: use join");
        }

        var lost = 0.0;
        foreach (var raw in Each(value))
        {
            var item = getter(raw);
            if (total is double high && PythonNumber.IsNumber(item))
            {
                var next = PythonNumber.Float(item);
                var sum = high + next;
                lost += item is not double ? 0 : Math.Abs(high) >= Math.Abs(next) ? high - sum + next : next - sum + high;
                total = sum;
                continue;
            }

            total = Arithmetic.Apply("+", total, item, budget);
        }

        return total is double result && lost != 0 && double.IsFinite(lost) ? result + lost : total;
    }

    private List<object?> GroupBy(object? value, CallArguments arguments)
    {
        var caseSensitive = arguments.Flag(2, "case_sensitive");
        var getter = Getter(arguments.Require(0, "attribute"), arguments.Get(1, "default"));
        object? Key(object? item) => getter(item) is var key && caseSensitive ? key : Fold(key);
        var groups = new List<object?>();
        object? current = null;
        List<object?>? group = null;
        foreach (var item in Sorted(Each(value).ToList(), Key, reverse: false))
        {
            var key = Key(item);
            if (group is null || !TemplateValue.AreEqual(key, current))
            {
                (current, group) = (key, []);
                groups.Add(new TemplateTuple([getter(item), group]) { IsGroup = true });
            }

            group.Add(item);
        }

        return groups;
    }
}
