using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>JSON to template values, and back as Python's json.dumps writes it; transformers' tojson has ensure_ascii=False.</summary>
internal static class TemplateJson
{
    private const int MaxDepth = 100;

    public static object? FromJson(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var dictionary = new TemplateDictionary();
                foreach (var property in element.EnumerateObject())
                {
                    dictionary.Set(property.Name, FromJson(property.Value));
                }

                return dictionary;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select(FromJson).ToList();
            case JsonValueKind.String:
                return Text(element);
            case JsonValueKind.Number:
                return element.TryGetInt64(out var integer) ? integer
                    : element.GetRawText() is var raw && raw.AsSpan().IndexOfAny('.', 'e', 'E') < 0 && raw.Length <= 4300 ? PythonNumber.Integer(BigInteger.Parse(raw, CultureInfo.InvariantCulture))
                    : element.GetDouble();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            default:
                return null;
        }
    }

    public static string Serialize(object? value, CallArguments arguments, RenderBudget budget)
    {
        var indent = TemplateValue.Plain(arguments.Get(1, "indent")) switch
        {
            null => null,
            string text => text,
            long width => new string(' ', (int)Math.Clamp(width, 0, 1000)),
            bool flag => flag ? " " : "",
            var other => throw TemplateValue.Error($"tojson needs a number as 'indent', not {TemplateValue.TypeName(other)}"),
        };
        var (item, key) = arguments.Get(2, "separators") switch
        {
            null => (indent is null ? ", " : ",", ": "),
            List<object?> or TemplateTuple => TemplateValue.Iterate(arguments.Get(2, "separators")).ToList() is [string first, string second] ? (first, second) : throw Separators(),
            _ => throw Separators(),
        };
        var builder = new StringBuilder();
        Write(builder, value, new Style(indent, item, key, arguments.Flag(3, "sort_keys"), arguments.Flag(0, "ensure_ascii"), budget), 0);
        return builder.ToString();
    }

    private static TemplateException Separators() => TemplateValue.Error("tojson needs two strings as 'separators'");

    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw TemplateValue.Error("the conversation holds half a surrogate pair, which is no character");
        }
    }

    private static void Write(StringBuilder builder, object? value, Style style, int depth)
    {
        if (depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateException(TemplateFault.Limit, "a value is nested too deeply");
        }

        style.Budget.Characters(builder.Length > 1 << 20 ? builder.Length / 64 : 0);
        switch (value)
        {
            case null or bool or long or BigInteger or double:
                builder.Append(Scalar(value));
                break;
            case string text:
                WriteString(builder, text, style.EnsureAscii);
                break;
            case SafeText safe:
                WriteString(builder, safe.Text, style.EnsureAscii);
                break;
            case List<object?> list:
                WriteItems(builder, '[', ']', list, style, depth, static (b, item, s, d) => Write(b, item, s, d));
                break;
            case TemplateTuple tuple:
                WriteItems(builder, '[', ']', tuple.Items, style, depth, static (b, item, s, d) => Write(b, item, s, d));
                break;
            case TemplateDictionary dictionary:
                var items = dictionary.Items.ToList();
                if (style.SortKeys)
                {
                    items = Sorted(items);
                }

                WriteItems(builder, '{', '}', items, style, depth, static (b, item, s, d) =>
                {
                    WriteString(b, item.Key is string or SafeText ? TemplateText.Of(item.Key) : Scalar(item.Key), s.EnsureAscii);
                    b.Append(s.KeySeparator);
                    Write(b, item.Value, s, d);
                });
                break;
            case Undefined undefined:
                throw undefined.Error();
            default:
                throw TemplateValue.Error($"a {TemplateValue.TypeName(value)} cannot be written as JSON");
        }
    }

    private static List<(object? Key, object? Value)> Sorted(List<(object? Key, object? Value)> items)
    {
        try
        {
            return [.. items.OrderBy(item => item.Key, Comparer<object?>.Create((a, b) => TemplateValue.Compare(a, b) ?? throw TemplateValue.Error("nan cannot be sorted")))];
        }
        catch (InvalidOperationException e) when (e.InnerException is TemplateException inner)
        {
            throw inner;
        }
    }

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        double number => double.IsFinite(number) ? PythonNumber.Text(number) : double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity",
        long or BigInteger => TemplateText.Of(value),
        _ => throw TemplateValue.Error($"a {TemplateValue.TypeName(value)} cannot be a key in JSON"),
    };

    private static void WriteItems<T>(
        StringBuilder builder, char open, char close, List<T> items, Style style, int depth, Action<StringBuilder, T, Style, int> write)
    {
        builder.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            style.Budget.Step();
            builder.Append(i > 0 ? style.ItemSeparator : "");
            NewLine(builder, style, depth + 1);
            write(builder, items[i], style, depth + 1);
        }

        if (items.Count > 0)
        {
            NewLine(builder, style, depth);
        }

        builder.Append(close);
        style.Budget.Fits(builder.Length);
    }

    private static void NewLine(StringBuilder builder, Style style, int depth)
    {
        if (style.Indent is { } indent)
        {
            builder.Append('\n').Insert(builder.Length, indent, depth);
        }
    }

    private static void WriteString(StringBuilder builder, string text, bool ensureAscii)
    {
        builder.Append('"');
        foreach (var unit in text)
        {
            _ = unit switch
            {
                '"' => builder.Append("\\\""),
                '\\' => builder.Append("\\\\"),
                '\n' => builder.Append("\\n"),
                '\r' => builder.Append("\\r"),
                '\t' => builder.Append("\\t"),
                '\b' => builder.Append("\\b"),
                '\f' => builder.Append("\\f"),
                < ' ' => builder.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                > '~' when ensureAscii => builder.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                _ => builder.Append(unit),
            };
        }

        builder.Append('"');
    }

    private sealed record Style(string? Indent, string ItemSeparator, string KeySeparator, bool SortKeys, bool EnsureAscii, RenderBudget Budget);
}
