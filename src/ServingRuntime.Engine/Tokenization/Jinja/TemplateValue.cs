using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>
/// Python's semantics for the values of a template. A value is null (None), bool, long, double, string, List of values (lists and tuples alike),
/// <see cref="TemplateDictionary"/>, <see cref="TemplateNamespace"/>, <see cref="TemplateFunction"/>, <see cref="LoopState"/> or <see cref="Undefined"/>: nothing
/// by which a template could reach the host.
/// </summary>
internal static class TemplateValue
{
    private const int MaxComparisons = 1_000_000;

    /// <summary>Characters of a value written out.</summary>
    private const int MaxRepresentation = 8 * 1024 * 1024;

    public static TemplateException Error(string message) => new(TemplateFault.Evaluation, message);

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateDictionary dictionary => dictionary.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "None",
        bool => "bool",
        long => "int",
        double => "float",
        string => "str",
        List<object?> => "list",
        TemplateDictionary => "dict",
        Undefined => "Undefined",
        TemplateNamespace => "namespace",
        _ => "function",
    };

    public static bool AreEqual(object? left, object? right)
    {
        var remaining = MaxComparisons;
        return AreEqual(left, right, ref remaining);
    }

    /// <summary>Counted, because a small value that holds one list many times over is a very large one to compare.</summary>
    private static bool AreEqual(object? left, object? right, ref int remaining)
    {
        if (--remaining < 0)
        {
            throw new TemplateException(TemplateFault.Limit, "a comparison of values is too large");
        }

        switch (left, right)
        {
            case (null, null):
                return true;
            case (Undefined, Undefined):
                return true;
            case (string a, string b):
                return string.Equals(a, b, StringComparison.Ordinal);
            case (List<object?> a, List<object?> b):
                if (a.Count != b.Count)
                {
                    return false;
                }

                for (var i = 0; i < a.Count; i++)
                {
                    if (!AreEqual(a[i], b[i], ref remaining))
                    {
                        return false;
                    }
                }

                return true;
            case (TemplateDictionary a, TemplateDictionary b):
                if (a.Count != b.Count)
                {
                    return false;
                }

                foreach (var (key, item) in a.Items)
                {
                    if (!b.TryGet(key, out var other) || !AreEqual(item, other, ref remaining))
                    {
                        return false;
                    }
                }

                return true;
            default:
                return TryNumber(left, out var x) && TryNumber(right, out var y) ? x.Equals(y) : ReferenceEquals(left, right);
        }
    }

    public static int Compare(object? left, object? right)
    {
        if (left is string a && right is string b)
        {
            return string.CompareOrdinal(a, b);
        }

        if (left is List<object?> first && right is List<object?> second)
        {
            for (var i = 0; i < Math.Min(first.Count, second.Count); i++)
            {
                if (!AreEqual(first[i], second[i]))
                {
                    return Compare(first[i], second[i]);
                }
            }

            return first.Count.CompareTo(second.Count);
        }

        return TryNumber(left, out var x) && TryNumber(right, out var y)
            ? x.CompareTo(y)
            : throw ((left as Undefined)?.Error() ?? (right as Undefined)?.Error() ?? Error($"cannot compare {TypeName(left)} and {TypeName(right)}"));
    }

    public static bool TryNumber(object? value, out double number)
    {
        number = value switch { long integer => integer, double real => real, bool flag => flag ? 1 : 0, _ => 0 };
        return value is long or double or bool;
    }

    public static bool TryInteger(object? value, out long number)
    {
        number = value switch { long integer => integer, bool flag => flag ? 1 : 0, _ => 0 };
        return value is long or bool;
    }

    /// <summary>What a for loop goes through; strings by characters, dictionaries by keys.</summary>
    public static List<object?> Iterate(object? value) => value switch
    {
        List<object?> list => list,
        TemplateDictionary dictionary => [.. dictionary.Keys],
        string text => [.. Characters(text)],
        Undefined => [],
        _ => throw Error($"'{TypeName(value)}' is not iterable"),
    };

    public static long Length(object? value) => value switch
    {
        string text => TextLength(text),
        List<object?> list => list.Count,
        TemplateDictionary dictionary => dictionary.Count,
        Undefined => 0,
        _ => throw Error($"'{TypeName(value)}' has no length"),
    };

    public static bool Contains(object? container, object? item) => container switch
    {
        string text => item is string part ? text.Contains(part, StringComparison.Ordinal) : throw Error($"'in <string>' needs a string, not {TypeName(item)}"),
        List<object?> list => list.Exists(other => AreEqual(other, item)),
        TemplateDictionary dictionary => dictionary.TryGet(item, out _),
        Undefined => false,
        _ => throw Error($"'{TypeName(container)}' is not iterable"),
    };

    /// <summary>obj[key], or undefined.</summary>
    public static object? GetItem(object? target, object? key)
    {
        switch (target)
        {
            case Undefined undefined:
                throw undefined.Error();
            case TemplateDictionary dictionary when dictionary.TryGet(key, out var value):
                return value;
            case List<object?> list when TryInteger(key, out var index):
                index = index < 0 ? index + list.Count : index;
                return index >= 0 && index < list.Count ? list[(int)index] : new Undefined($"item {key}");
            case string text when TryInteger(key, out var index):
                var characters = Characters(text);
                index = index < 0 ? index + characters.Count : index;
                return index >= 0 && index < characters.Count ? characters[(int)index] : new Undefined($"item {key}");
            default:
                return key is string name ? GetAttribute(target, name) : new Undefined($"'{TypeName(target)}' item {ToText(key)}");
        }
    }

    /// <summary>obj.name, or undefined. Members of dictionaries are their items; methods are called, never fetched.</summary>
    public static object? GetAttribute(object? target, string name) => target switch
    {
        Undefined undefined => throw undefined.Error(),
        TemplateDictionary dictionary when dictionary.TryGet(name, out var value) => value,
        TemplateNamespace space when space.Attributes.TryGetValue(name, out var value) => value,
        LoopState loop => loop.Get(name),
        _ => new Undefined($"'{TypeName(target)}' member '{name}'"),
    };

    /// <summary>str(value): what an output tag writes.</summary>
    public static string ToText(object? value) => value switch
    {
        string text => text,
        SafeText safe => safe.Text,
        Undefined => "",
        _ => Represent(value),
    };

    /// <summary>repr(value).</summary>
    public static string Represent(object? value)
    {
        var builder = new StringBuilder();
        Represent(builder, value, 0);
        return builder.ToString();
    }

    /// <summary>A number as Python writes it: 1.0, 1e+16, 0.0001.</summary>
    public static string FloatText(double value)
    {
        if (double.IsNaN(value))
        {
            return "nan";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "inf" : "-inf";
        }

        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var exponent = Exponent(shortest);
        if (exponent is >= -4 and < 16)
        {
            var plain = decimal.TryParse(shortest, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) ? exact.ToString(CultureInfo.InvariantCulture) : shortest;
            return plain.Contains('.', StringComparison.Ordinal) ? plain : plain + ".0";
        }

        var sign = value < 0 ? "-" : "";
        var mantissaDigits = shortest.TrimStart('-').Split('E')[0].Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        var mantissa = mantissaDigits.Length > 1 ? mantissaDigits[..1] + "." + mantissaDigits[1..] : mantissaDigits;
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>The power of ten of the first digit that is not zero.</summary>
    private static int Exponent(string number)
    {
        var parts = number.TrimStart('-').Split('E');
        var power = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? parts[0].Length : point;
        var first = parts[0].AsSpan().IndexOfAnyInRange('1', '9');
        return first < 0 ? 0 : power + (first < whole ? whole - 1 - first : whole - first);
    }

    /// <summary>The scalars of a text, as strings: Python's characters.</summary>
    public static List<object?> Characters(string text)
    {
        var output = new List<object?>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            output.Add(rune.ToString());
        }

        return output;
    }

    private static long TextLength(string text)
    {
        var length = text.Length;
        foreach (var unit in text)
        {
            length -= char.IsLowSurrogate(unit) ? 1 : 0;
        }

        return length;
    }

    private static void Represent(StringBuilder builder, object? value, int depth)
    {
        if (depth > 64 || builder.Length > MaxRepresentation)
        {
            throw new TemplateException(TemplateFault.Limit, "a value is nested too deeply or too large");
        }

        switch (value)
        {
            case null:
                builder.Append("None");
                break;
            case bool flag:
                builder.Append(flag ? "True" : "False");
                break;
            case long number:
                builder.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                builder.Append(FloatText(number));
                break;
            case string text:
                var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
                builder.Append(quote)
                    .Append(text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)
                        .Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal)
                        .Replace(quote == '\'' ? "'" : "\0", quote == '\'' ? "\\'" : "\0", StringComparison.Ordinal))
                    .Append(quote);
                break;
            case List<object?> list:
                builder.Append('[');
                for (var i = 0; i < list.Count; i++)
                {
                    builder.Append(i > 0 ? ", " : "");
                    Represent(builder, list[i], depth + 1);
                }

                builder.Append(']');
                break;
            case TemplateDictionary dictionary:
                builder.Append('{');
                var separator = "";
                foreach (var (key, item) in dictionary.Items)
                {
                    builder.Append(separator);
                    Represent(builder, key, depth + 1);
                    builder.Append(": ");
                    Represent(builder, item, depth + 1);
                    separator = ", ";
                }

                builder.Append('}');
                break;
            case Undefined:
                builder.Append("Undefined");
                break;
            default:
                builder.Append('<').Append(TypeName(value)).Append('>');
                break;
        }
    }
}
