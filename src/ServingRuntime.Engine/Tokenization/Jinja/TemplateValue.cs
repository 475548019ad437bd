using System.Numerics;
using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>
/// Python's semantics for the values of a template. A value is null (None), bool, long, BigInteger, double, string, <see cref="SafeText"/>, List,
/// <see cref="TemplateTuple"/>, <see cref="TemplateRange"/>, <see cref="TemplateDictionary"/>, <see cref="TemplateView"/>, <see cref="TemplateIterator"/>,
/// <see cref="TemplateNamespace"/>, <see cref="TemplateFunction"/>, <see cref="BoundMethod"/>, <see cref="LoopState"/> or <see cref="Undefined"/>: nothing by which
/// a template could reach the host.
/// </summary>
internal static class TemplateValue
{
    private const int MaxComparisons = 1_000_000;
    private const int MaxDepth = 200;

    public static TemplateException Error(string message) => new(TemplateFault.Evaluation, message);

    /// <summary>A safe text as the string that it is.</summary>
    public static object? Plain(object? value) => value is SafeText safe ? safe.Text : value;

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        SafeText safe => safe.Text.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateTuple tuple => tuple.Items.Count > 0,
        TemplateDictionary dictionary => dictionary.Count > 0,
        TemplateView view => view.Dictionary.Count > 0,
        TemplateRange range => range.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "None",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        string or SafeText => "str",
        List<object?> => "list",
        TemplateTuple => "tuple",
        TemplateDictionary => "dict",
        TemplateView view => $"dict_{view.Name}",
        TemplateRange => "range",
        TemplateIterator => "generator",
        Undefined => "Undefined",
        TemplateNamespace => "namespace",
        LoopState => "loop",
        BoundMethod => "method",
        _ => "function",
    };

    public static bool AreEqual(object? left, object? right)
    {
        var remaining = MaxComparisons;
        return AreEqual(left, right, ref remaining, 0);
    }

    /// <summary>Counted, because a small value that holds one list many times over is a very large one to compare.</summary>
    private static bool AreEqual(object? left, object? right, ref int remaining, int depth)
    {
        if (--remaining < 0 || depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateException(TemplateFault.Limit, "a comparison of values is too large");
        }

        switch (Plain(left), Plain(right))
        {
            case (null, null):
            case (Undefined, Undefined):
                return true;
            case (string a, string b):
                return string.Equals(a, b, StringComparison.Ordinal);
            case (List<object?> a, List<object?> b):
                return AreEqual(a, b, ref remaining, depth);
            case (TemplateTuple a, TemplateTuple b):
                return AreEqual(a.Items, b.Items, ref remaining, depth);
            case (TemplateRange a, TemplateRange b):
                return a.Count == b.Count && (a.Count == 0 || (a.Start == b.Start && (a.Count == 1 || a.Step == b.Step)));
            case (TemplateDictionary a, TemplateDictionary b):
                return AreEqual(a, b, ref remaining, depth);
            case (TemplateView, _):
            case (_, TemplateView):
                throw Error("comparing keys(), values() or items() of dictionaries is not supported");
            case (BoundMethod a, BoundMethod b):
                return ReferenceEquals(a.Target, b.Target) && a.Name == b.Name;
            default:
                return PythonNumber.IsNumber(left) && PythonNumber.IsNumber(right)
                    ? (ReferenceEquals(left, right) && depth > 0) || PythonNumber.Compare(left!, right!) == 0
                    : ReferenceEquals(left, right);
        }
    }

    private static bool AreEqual(List<object?> a, List<object?> b, ref int remaining, int depth)
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        for (var i = 0; i < a.Count; i++)
        {
            if (!AreEqual(a[i], b[i], ref remaining, depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreEqual(TemplateDictionary a, TemplateDictionary b, ref int remaining, int depth)
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        foreach (var (key, item) in a.Items)
        {
            if (!b.TryGet(key, out var other) || !AreEqual(item, other, ref remaining, depth + 1))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Negative, zero or positive; null where nothing holds (nan).</summary>
    /// <exception cref="TemplateException">Python does not order these.</exception>
    public static int? Compare(object? left, object? right, int depth = 0)
    {
        if (depth > MaxDepth)
        {
            throw new TemplateException(TemplateFault.Limit, "a comparison of values is too large");
        }

        switch (Plain(left), Plain(right))
        {
            case (string a, string b):
                return PythonText.Compare(a, b);
            case (List<object?> a, List<object?> b):
                return Compare(a, b, depth);
            case (TemplateTuple a, TemplateTuple b):
                return Compare(a.Items, b.Items, depth);
            case (TemplateView, TemplateView):
                throw Error("comparing keys(), values() or items() of dictionaries is not supported");
            default:
                return PythonNumber.IsNumber(left) && PythonNumber.IsNumber(right)
                    ? PythonNumber.Compare(left!, right!)
                    : throw ((left as Undefined)?.Error() ?? (right as Undefined)?.Error() ?? Error($"cannot compare {TypeName(left)} and {TypeName(right)}"));
        }
    }

    private static int? Compare(List<object?> a, List<object?> b, int depth)
    {
        for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            if (!AreEqual(a[i], b[i]))
            {
                return Compare(a[i], b[i], depth + 1);
            }
        }

        return a.Count.CompareTo(b.Count);
    }

    /// <summary>What a for loop goes through; strings by characters, dictionaries by keys. An iterator is used up by it.</summary>
    public static IEnumerable<object?> Iterate(object? value) => value switch
    {
        List<object?> list => list,
        TemplateTuple tuple => tuple.Items,
        TemplateDictionary dictionary => dictionary.Keys,
        TemplateView view => view.Items,
        TemplateRange range => range.Items(),
        TemplateIterator iterator => iterator.Remaining(),
        string text => PythonText.Characters(text),
        SafeText safe => PythonText.Characters(safe.Text),
        Undefined => [],
        LoopState => throw Error("going through 'loop' itself is not supported"),
        _ => throw Error($"'{TypeName(value)}' is not iterable"),
    };

    public static bool CanIterate(object? value)
        => value is string or SafeText or List<object?> or TemplateTuple or TemplateDictionary or TemplateView or TemplateRange or TemplateIterator or Undefined or LoopState;

    /// <summary>len(value); null where it has none.</summary>
    public static long? TryLength(object? value) => value switch
    {
        string text => PythonText.Length(text),
        SafeText safe => PythonText.Length(safe.Text),
        List<object?> list => list.Count,
        TemplateTuple tuple => tuple.Items.Count,
        TemplateDictionary dictionary => dictionary.Count,
        TemplateView view => view.Dictionary.Count,
        TemplateRange range => range.Count,
        LoopState loop => loop.Length,
        Undefined => 0,
        _ => null,
    };

    public static bool Contains(object? container, object? item, RenderBudget budget)
    {
        switch (Plain(container))
        {
            case string text:
                budget.Characters(text.Length);
                return Plain(item) is string part ? text.Contains(part, StringComparison.Ordinal)
                    : throw ((item as Undefined)?.Error() ?? Error($"'in <string>' needs a string, not {TypeName(item)}"));
            case TemplateDictionary dictionary:
                return dictionary.TryGet(item, out _);
            case TemplateView { Name: "keys" } view:
                return view.Dictionary.TryGet(item, out _);
            case TemplateNamespace or TemplateFunction or BoundMethod:
                throw Error($"'{TypeName(container)}' is not iterable");
            default:
                foreach (var other in Iterate(container))
                {
                    budget.Step();
                    if (ReferenceEquals(other, item) || AreEqual(other, item))
                    {
                        return true;
                    }
                }

                return false;
        }
    }

    /// <summary>obj[key], or undefined.</summary>
    public static object? GetItem(object? target, object? key, RenderBudget budget)
    {
        switch (target)
        {
            case Undefined undefined:
                throw undefined.Error();
            case TemplateDictionary dictionary when TemplateDictionary.CanHash(key) && dictionary.TryGet(key, out var value):
                return value;
            case List<object?> list when PythonNumber.TrySmall(key, out var index):
                return At(index, list.Count) is { } at ? list[(int)at] : new Undefined($"item {key}");
            case TemplateTuple tuple when PythonNumber.TrySmall(key, out var index):
                return At(index, tuple.Items.Count) is { } place ? tuple.Items[(int)place] : new Undefined($"item {key}");
            case TemplateRange range when PythonNumber.TrySmall(key, out var index):
                return At(index, range.Count) is { } step ? range[step] : new Undefined($"item {key}");
            case string text when PythonNumber.TrySmall(key, out var index):
                return Character(text, index, budget);
            case SafeText safe when PythonNumber.TrySmall(key, out var index):
                return Character(safe.Text, index, budget) is string found ? new SafeText(found) : new Undefined($"item {key}");
            default:
                return Plain(key) is string name ? TemplateMembers.TryGet(target, name, out var named) ? named : new Undefined($"'{name}'") : new Undefined($"an item of '{TypeName(target)}'");
        }
    }

    /// <summary>obj.name, or undefined: a method or other member of Python's type comes before the item of a dictionary.</summary>
    public static object? GetAttribute(object? target, string name)
        => target is Undefined undefined ? throw undefined.Error()
        : TemplateMembers.TryGet(target, name, out var member) ? member
        : target is TemplateDictionary dictionary && dictionary.TryGet(name, out var value) ? value
        : target is TemplateNamespace space && space.Attributes.TryGet(name, out var attribute) ? attribute
        : new Undefined($"'{TypeName(target)}' member '{name}'");

    private static object Character(string text, long index, RenderBudget budget)
    {
        budget.Characters(text.Length);
        var length = PythonText.Length(text);
        if (At(index, length) is not { } at)
        {
            return new Undefined($"item {index}");
        }

        return length == text.Length ? text[(int)at].ToString() : text.EnumerateRunes().ElementAt((int)at).ToString();
    }

    private static long? At(long index, long count)
    {
        index = index < 0 ? index + count : index;
        return index >= 0 && index < count ? index : null;
    }
}
