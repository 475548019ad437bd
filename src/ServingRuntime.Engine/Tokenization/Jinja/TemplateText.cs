using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>str() and repr() of values.</summary>
internal static class TemplateText
{
    private const int MaxLength = 8 * 1024 * 1024;
    private const int MaxDepth = 100;

    /// <summary>str(value): what an output tag writes.</summary>
    public static string Of(object? value) => value switch
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

    private static void Represent(StringBuilder builder, object? value, int depth)
    {
        if (depth > MaxDepth || builder.Length > MaxLength || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
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
            case long or BigInteger:
                builder.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
            case double number:
                builder.Append(PythonNumber.Text(number));
                break;
            case string text:
                PythonText.Represent(builder, text);
                break;
            case SafeText safe:
                builder.Append("Markup(");
                PythonText.Represent(builder, safe.Text);
                builder.Append(')');
                break;
            case List<object?> list:
                Items(builder, "[", list, "]", depth);
                break;
            case TemplateTuple tuple:
                Items(builder, "(", tuple.Items, tuple.Items.Count == 1 ? ",)" : ")", depth);
                break;
            case TemplateView view:
                Items(builder, $"dict_{view.Name}([", view.Items, "])", depth);
                break;
            case TemplateRange range:
                builder.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}{(range.Step == 1 ? "" : $", {range.Step}")})");
                break;
            case TemplateDictionary dictionary:
                Pairs(builder, dictionary, depth);
                break;
            case TemplateNamespace space:
                builder.Append("<Namespace ");
                Pairs(builder, space.Attributes, depth);
                builder.Append('>');
                break;
            case Undefined:
                builder.Append("Undefined");
                break;
            case LoopState loop:
                builder.Append(CultureInfo.InvariantCulture, $"<LoopContext {loop.Index + 1}/{loop.Length}>");
                break;
            case TemplateFunction { Text: { } text }:
                builder.Append(text);
                break;
            default:
                throw TemplateValue.Error($"a {TemplateValue.TypeName(value)} has no text that is the same twice");
        }
    }

    private static void Items(StringBuilder builder, string open, IEnumerable<object?> items, string close, int depth)
    {
        builder.Append(open);
        var separator = "";
        foreach (var item in items)
        {
            builder.Append(separator);
            Represent(builder, item, depth + 1);
            separator = ", ";
        }

        builder.Append(close);
    }

    private static void Pairs(StringBuilder builder, TemplateDictionary dictionary, int depth)
    {
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
    }
}
