using System.Globalization;
using System.Numerics;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Python's two ways to fill in a text: <c>'%s' % values</c> and <c>'{}'.format(values)</c>.</summary>
internal sealed class TextFormatter(RenderBudget budget)
{
    /// <summary>text % values.</summary>
    public string Percent(string text, object? values)
    {
        var items = values is TemplateTuple tuple ? tuple.Items : [values];
        var used = 0;
        object? Next() => used < items.Count ? items[used++] : throw TemplateValue.Error("not enough arguments for the format");
        var builder = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                builder.Append(text[i]);
                continue;
            }

            i++;
            object? named = null;
            var byName = i < text.Length && text[i] == '(';
            if (byName)
            {
                var close = text.IndexOf(')', i);
                var key = close > 0 ? text[(i + 1)..close] : throw TemplateValue.Error("a format's name has no end");
                var mapping = values as TemplateDictionary ?? throw TemplateValue.Error("a format with names needs a mapping");
                named = mapping.TryGet(key, out var found) ? found : throw TemplateValue.Error($"the format's '{key}' is missing");
                (i, used) = (close + 1, items.Count);
            }

            var firstFlag = i;
            while (i < text.Length && text[i] is '-' or '+' or ' ' or '0' or '#')
            {
                i++;
            }

            var flags = text[firstFlag..i];
            var width = Number(text, ref i, Next) ?? 0;
            if (width < 0)
            {
                (flags, width) = (flags + '-', -width);
            }

            int? precision = null;
            if (i < text.Length && text[i] == '.')
            {
                i++;
                precision = Math.Max(0, Number(text, ref i, Next) ?? 0);
            }

            while (i < text.Length && text[i] is 'h' or 'l' or 'L')
            {
                i++;
            }

            var kind = i < text.Length ? text[i] : throw TemplateValue.Error("incomplete format");
            budget.Characters((long)width + (precision ?? 0));
            budget.Append(builder, kind == '%' ? "%" : Convert(kind, byName ? named : Next(), flags, width, precision));
        }

        // What can be indexed may hold more than is used.
        return used >= items.Count || values is TemplateDictionary or List<object?> or TemplateRange or Undefined ? builder.ToString() : throw TemplateValue.Error("not all arguments were used by the format");
    }

    /// <summary>text.format(values).</summary>
    public string Braces(string text, CallArguments arguments)
    {
        var automatic = 0;
        var builder = new StringBuilder();
        Braces(builder, text, arguments, ref automatic, 2);
        return builder.ToString();
    }

    private void Braces(StringBuilder builder, string text, CallArguments arguments, ref int automatic, int depth)
    {
        if (depth == 0)
        {
            throw TemplateValue.Error("format: fields are nested too deeply");
        }

        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('{' or '}'))
            {
                builder.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == text[i])
            {
                builder.Append(text[i++]);
            }
            else
            {
                var end = text[i] == '{' ? FieldEnd(text, i) : throw TemplateValue.Error("format: a single '}'");
                Field(builder, text[(i + 1)..end], arguments, ref automatic, depth);
                i = end;
            }
        }
    }

    private static int FieldEnd(string text, int start)
    {
        var (depth, brackets) = (0, false);
        for (var i = start; i < text.Length; i++)
        {
            brackets = text[i] switch { '[' => true, ']' => false, _ => brackets };
            depth += brackets ? 0 : text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }

        throw TemplateValue.Error("format: a field has no end");
    }

    private void Field(StringBuilder builder, string field, CallArguments arguments, ref int automatic, int depth)
    {
        var nameEnd = field.AsSpan().IndexOfAny('!', ':');
        var bracket = field.IndexOf('[', StringComparison.Ordinal);
        if (bracket >= 0 && (nameEnd < 0 || bracket < nameEnd))
        {
            var close = field.LastIndexOf(']');
            var rest = field.AsSpan(Math.Max(close, 0)).IndexOfAny('!', ':');
            nameEnd = rest < 0 ? -1 : rest + Math.Max(close, 0);
        }

        var name = nameEnd < 0 ? field : field[..nameEnd];
        var tail = nameEnd < 0 ? "" : field[nameEnd..];
        var conversion = '\0';
        if (tail.StartsWith('!'))
        {
            conversion = tail.Length > 1 && (tail.Length == 2 || tail[2] == ':') ? tail[1] : throw TemplateValue.Error("format: a malformed conversion");
            tail = tail[2..];
        }

        var value = Lookup(name, arguments, ref automatic);
        value = conversion switch
        {
            '\0' => value,
            's' => TemplateText.Of(value),
            'r' => TemplateText.Represent(value),
            _ => throw TemplateValue.Error($"format: the conversion '!{conversion}' is not supported"),
        };
        var specification = new StringBuilder();
        Braces(specification, tail.StartsWith(':') ? tail[1..] : tail, arguments, ref automatic, depth - 1 > 0 && tail.Contains('{', StringComparison.Ordinal) ? depth - 1 : depth);
        budget.Append(builder, PythonFormat.Apply(value, specification.ToString(), budget));
    }

    private object? Lookup(string name, CallArguments arguments, ref int automatic)
    {
        var end = name.AsSpan().IndexOfAny('.', '[');
        var head = end < 0 ? name : name[..end];
        if (head.Length == 0 && automatic < 0 || (head.Length > 0 && char.IsAsciiDigit(head[0]) && automatic > 0))
        {
            throw TemplateValue.Error("format: numbered and unnumbered fields together");
        }

        object? value;
        if (head.Length == 0 || head.All(char.IsAsciiDigit))
        {
            var index = head.Length == 0 ? automatic++ : int.TryParse(head, CultureInfo.InvariantCulture, out var given) ? given : int.MaxValue;
            automatic = head.Length > 0 ? -1 : automatic;
            value = index < arguments.Positional.Count ? arguments.Positional[index] : throw TemplateValue.Error($"format: the argument {index} is missing");
        }
        else
        {
            value = arguments.Named.TryGetValue(head, out var found) ? found : throw TemplateValue.Error($"format: the argument '{head}' is missing");
        }

        while (end >= 0 && end < name.Length)
        {
            if (name[end] == '[')
            {
                var close = name.IndexOf(']', end);
                var key = close > end + 1 ? name[(end + 1)..close] : throw TemplateValue.Error("format: an empty or endless index");
                value = TemplateValue.GetItem(value, key.All(char.IsAsciiDigit) && long.TryParse(key, CultureInfo.InvariantCulture, out var index) ? index : key, budget);
                end = close + 1;
            }
            else
            {
                var next = name.AsSpan(end + 1).IndexOfAny('.', '[');
                var stop = next < 0 ? name.Length : end + 1 + next;
                value = name[end] == '.' && stop > end + 1 ? TemplateValue.GetAttribute(value, name[(end + 1)..stop]) : throw TemplateValue.Error("format: a malformed field");
                end = stop;
            }
        }

        return value;
    }

    private static int? Number(string text, ref int at, Func<object?> next)
    {
        if (at < text.Length && text[at] == '*')
        {
            at++;
            return next() is long given and >= -1_000_000_000 and <= 1_000_000_000 ? (int)given : throw TemplateValue.Error("'*' needs an integer");
        }

        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return start == at ? null : int.TryParse(text.AsSpan(start, at - start), CultureInfo.InvariantCulture, out var number) ? number : throw TemplateValue.Error("a format's width is too large");
    }

    private static string Convert(char kind, object? value, string flags, int width, int? precision)
    {
        var left = flags.Contains('-', StringComparison.Ordinal);
        var format = new PythonFormat
        {
            Align = left ? '<' : '\0',
            Sign = flags.Contains('+', StringComparison.Ordinal) ? '+' : flags.Contains(' ', StringComparison.Ordinal) ? ' ' : '-',
            Alternate = flags.Contains('#', StringComparison.Ordinal),
            Width = width,
            Precision = precision,
            Type = kind is 'i' or 'u' ? 'd' : kind,
        };
        var zeros = !left && flags.Contains('0', StringComparison.Ordinal) ? format with { Align = '=', Fill = "0" } : format;
        switch (kind)
        {
            case 's' or 'r' or 'a':
                var text = kind == 's' ? TemplateText.Of(value) : kind == 'r' ? TemplateText.Represent(value) : throw TemplateValue.Error("the format %a is not supported");
                return new PythonFormat { Width = width, Precision = precision, Align = left ? '<' : '>' }.WriteText(text);
            case 'd' or 'i' or 'u':
                var integer = value switch
                {
                    long or bool or BigInteger => value,
                    double real when double.IsFinite(real) => PythonNumber.Integer(new BigInteger(real)),
                    _ => throw NotANumber(kind, value),
                };
                return (precision is null ? zeros with { Precision = null } : throw TemplateValue.Error("a precision of %d is not supported")).WriteInteger(integer);
            case 'x' or 'X' or 'o':
                return (precision is null && PythonNumber.IsInteger(value) ? zeros : throw NotANumber(kind, value)).WriteInteger(value!);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return (precision is null or <= 1000 && PythonNumber.IsNumber(value) ? zeros : throw NotANumber(kind, value)).Write(PythonNumber.Float(value));
            case 'c':
                return value is string single && PythonText.Length(single) == 1 ? new PythonFormat { Width = width, Align = left ? '<' : '>' }.WriteText(single)
                    : PythonNumber.IsInteger(value) ? (format with { Align = left ? '<' : '>', Precision = null }).WriteInteger(value!) : throw NotANumber(kind, value);
            default:
                throw TemplateValue.Error($"the format %{kind} is not supported");
        }
    }

    private static TemplateException NotANumber(char kind, object? value)
        => value is Undefined undefined ? undefined.Error() : TemplateValue.Error($"%{kind} cannot take '{TemplateValue.TypeName(value)}' so");
}
