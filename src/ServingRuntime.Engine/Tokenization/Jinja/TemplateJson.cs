using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>JSON to template values, and back as Python's json.dumps(ensure_ascii=False) writes it.</summary>
internal static class TemplateJson
{
    public static object? FromJson(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var dictionary = new TemplateDictionary();
                foreach (var property in element.EnumerateObject())
                {
                    dictionary[property.Name] = FromJson(property.Value);
                }

                return dictionary;
            case JsonValueKind.Array:
                return element.EnumerateArray().Select(FromJson).ToList();
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.Number:
                return element.TryGetInt64(out var integer) ? (object)integer : element.GetDouble();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            default:
                return null;
        }
    }

    public static string Serialize(object? value, int? indent, string? itemSeparator, string? keySeparator, bool sortKeys)
    {
        var builder = new StringBuilder();
        Write(builder, value, new Style(indent, itemSeparator ?? (indent is null ? ", " : ","), keySeparator ?? ": ", sortKeys), 0);
        return builder.ToString();
    }

    private static void Write(StringBuilder builder, object? value, Style style, int depth)
    {
        if (depth > 64 || builder.Length > 8 * 1024 * 1024)
        {
            throw new TemplateException(TemplateFault.Limit, "a value is nested too deeply or too large");
        }

        switch (value)
        {
            case null:
                builder.Append("null");
                break;
            case bool flag:
                builder.Append(flag ? "true" : "false");
                break;
            case long number:
                builder.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                builder.Append(double.IsFinite(number) ? TemplateValue.FloatText(number) : double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                break;
            case string text:
                WriteString(builder, text);
                break;
            case List<object?> list:
                WriteItems(builder, '[', ']', list, style, depth, static (b, item, s, d) => Write(b, item, s, d));
                break;
            case TemplateDictionary dictionary:
                var items = style.SortKeys ? dictionary.Items.OrderBy(i => TemplateValue.ToText(i.Key), StringComparer.Ordinal).ToList() : dictionary.Items.ToList();
                WriteItems(builder, '{', '}', items, style, depth, static (b, item, s, d) =>
                {
                    WriteString(b, item.Key is bool flag ? (flag ? "true" : "false") : TemplateValue.ToText(item.Key));
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

    private static void WriteItems<T>(
        StringBuilder builder, char open, char close, List<T> items, Style style, int depth, Action<StringBuilder, T, Style, int> write)
    {
        builder.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            builder.Append(i > 0 ? style.ItemSeparator : "");
            NewLine(builder, style, depth + 1);
            write(builder, items[i], style, depth + 1);
        }

        if (items.Count > 0)
        {
            NewLine(builder, style, depth);
        }

        builder.Append(close);
    }

    private static void NewLine(StringBuilder builder, Style style, int depth)
    {
        if (style.Indent is { } indent)
        {
            builder.Append('\n').Append(' ', Math.Clamp(indent, 0, 16) * depth);
        }
    }

    private static void WriteString(StringBuilder builder, string text)
    {
        builder.Append('"');
        foreach (var unit in text)
        {
            switch (unit)
            {
                case '"':
                    builder.Append("\\\"");
                    break;
                case '\\':
                    builder.Append("\\\\");
                    break;
                case '\n':
                    builder.Append("\\n");
                    break;
                case '\r':
                    builder.Append("\\r");
                    break;
                case '\t':
                    builder.Append("\\t");
                    break;
                case '\b':
                    builder.Append("\\b");
                    break;
                case '\f':
                    builder.Append("\\f");
                    break;
                case < ' ':
                    builder.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
                    break;
                default:
                    builder.Append(unit);
                    break;
            }
        }

        builder.Append('"');
    }

    private sealed record Style(int? Indent, string ItemSeparator, string KeySeparator, bool SortKeys);
}
