using System.Numerics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>An ordered dictionary; keys are what Python can hash: strings, numbers, None and tuples of these.</summary>
internal sealed class TemplateDictionary
{
    private static readonly object None = new();
    private readonly OrderedDictionary<object, object?> items = new(KeyComparer.Instance);

    public int Count => items.Count;

    public IEnumerable<object?> Keys => items.Keys.Select(key => ReferenceEquals(key, None) ? null : key);

    public IEnumerable<object?> Values => items.Values;

    public IEnumerable<(object? Key, object? Value)> Items => items.Select(item => (ReferenceEquals(item.Key, None) ? null : item.Key, item.Value));

    /// <summary>A key that is there stays the object that it was, as in Python.</summary>
    public void Set(object? key, object? value)
    {
        Require(key);
        items[key ?? None] = value;
    }

    /// <exception cref="TemplateException">The key cannot be hashed.</exception>
    public bool TryGet(object? key, out object? value)
    {
        Require(key);
        return items.TryGetValue(key ?? None, out value);
    }

    public static bool CanHash(object? key) => key switch
    {
        TemplateTuple tuple => tuple.Items.All(CanHash),
        List<object?> or TemplateDictionary or TemplateView => false,
        _ => true,
    };

    private static void Require(object? key)
    {
        if (!CanHash(key))
        {
            throw TemplateValue.Error($"unhashable type: '{TemplateValue.TypeName(key)}'");
        }
    }

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? x, object? y) => ReferenceEquals(x, y) || (!ReferenceEquals(x, None) && !ReferenceEquals(y, None) && TemplateValue.AreEqual(x, y));

        /// <summary>Numbers that are equal hash alike: 1, 1.0 and True are one key.</summary>
        public int GetHashCode(object value) => value switch
        {
            SafeText safe => safe.Text.GetHashCode(StringComparison.Ordinal),
            bool or long => Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture).GetHashCode(),
            double real => real.GetHashCode() == (-0.0).GetHashCode() ? 0.0.GetHashCode() : real.GetHashCode(),
            BigInteger big => PythonNumber.Nearest(big).GetHashCode(),
            TemplateTuple tuple => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, item is null ? 0 : GetHashCode(item))),
            Undefined => 1,
            _ => value.GetHashCode(),
        };
    }
}

/// <summary>A tuple: written with round brackets, equal to no list.</summary>
internal sealed class TemplateTuple(List<object?> items)
{
    public List<object?> Items { get; } = items;

    /// <summary>What groupby makes: its two members have names.</summary>
    public bool IsGroup { get; init; }
}

/// <summary>What range() makes.</summary>
internal sealed record TemplateRange(long Start, long Stop, long Step)
{
    public long Count { get; } = Step > 0
        ? Start < Stop ? (long)((((Int128)Stop - Start - 1) / Step) + 1 > long.MaxValue ? long.MaxValue : (((Int128)Stop - Start - 1) / Step) + 1) : 0
        : Start > Stop ? (long)((((Int128)Start - Stop - 1) / -(Int128)Step) + 1 > long.MaxValue ? long.MaxValue : (((Int128)Start - Stop - 1) / -(Int128)Step) + 1) : 0;

    public object? this[long index] => Start + (index * Step);

    public IEnumerable<object?> Items()
    {
        for (var i = 0L; i < Count; i++)
        {
            yield return this[i];
        }
    }
}

/// <summary>dict.keys(), values() and items(): they can be gone through and counted, not indexed.</summary>
internal sealed record TemplateView(string Name, TemplateDictionary Dictionary)
{
    public IEnumerable<object?> Items => Name switch
    {
        "keys" => Dictionary.Keys,
        "values" => Dictionary.Values,
        _ => Dictionary.Items.Select(item => (object?)new TemplateTuple([item.Key, item.Value])),
    };
}

/// <summary>What map, select and their like make: gone through once, item by item, and then empty.</summary>
internal sealed class TemplateIterator(IEnumerable<object?> source)
{
    private readonly IEnumerator<object?> items = source.GetEnumerator();
    private bool running;

    public bool TryNext(out object? item)
    {
        if (running)
        {
            throw TemplateValue.Error("the generator is running already");
        }

        running = true;
        var found = items.MoveNext();
        running = false;
        item = found ? items.Current : null;
        return found;
    }

    public IEnumerable<object?> Remaining()
    {
        while (TryNext(out var item))
        {
            yield return item;
        }
    }
}

/// <summary>What namespace() makes: the one thing whose attributes a template may set.</summary>
internal sealed class TemplateNamespace
{
    public TemplateDictionary Attributes { get; } = new();
}

/// <summary>
/// What the filter safe makes: a string that escapes what is added to it. Escaping is off in chat templates, but templates written for Jinja's Markup come out as
/// Jinja writes them.
/// </summary>
internal sealed record SafeText(string Text)
{
    public static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);
}

/// <summary>A name or member that does not exist: empty as text, false, an error for almost everything else.</summary>
internal sealed class Undefined(string what, bool isRefusal = false)
{
    /// <summary>What is missing, or why it may not be had.</summary>
    public string What { get; } = what;

    public TemplateException Error() => TemplateValue.Error(isRefusal ? What : $"{What} is undefined");
}

/// <summary>Something a template can call.</summary>
/// <param name="Text">How it is written out; null: with its address in memory, so not at all.</param>
/// <param name="Invoke">The call.</param>
internal sealed record TemplateFunction(string? Text, Func<CallArguments, object?> Invoke);

/// <summary>A method with its object: a template may fetch it and ask whether it is there.</summary>
internal sealed record BoundMethod(object Target, string Name);
