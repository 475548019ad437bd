using System.Globalization;
using System.Numerics;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>format(value, specification): [[fill]align][sign][#][0][width][grouping][.precision][type].</summary>
internal sealed record PythonFormat
{
    public string Fill { get; init; } = " ";

    public char Align { get; init; }

    public char Sign { get; init; } = '-';

    public bool Alternate { get; init; }

    public int Width { get; init; }

    public char Grouping { get; init; }

    public int? Precision { get; init; }

    public char Type { get; init; }

    public static string Apply(object? value, string specification, RenderBudget budget)
    {
        if (specification.Length == 0)
        {
            return TemplateText.Of(value);
        }

        var format = Parse(specification);
        budget.Characters((long)format.Width + (format.Precision ?? 0));
        return value switch
        {
            string text => format.Write(text),
            SafeText safe => format.Write(safe.Text),
            double real => format.Write(real),
            long or bool or BigInteger => format.WriteInteger(value),
            Undefined undefined => throw undefined.Error(),
            _ => throw TemplateValue.Error($"'{TemplateValue.TypeName(value)}' takes no format"),
        };
    }

    public string WriteInteger(object value)
    {
        if (Type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%')
        {
            return Write(PythonNumber.Float(value));
        }

        if (Precision is not null || Type is not ('\0' or 'd' or 'x' or 'X' or 'o' or 'b' or 'c'))
        {
            throw TemplateValue.Error($"the format of an integer cannot be '{Type}' or have a precision");
        }

        var number = PythonNumber.Big(value);
        if (Type == 'c')
        {
            return number >= 0 && number <= 0x10FFFF && Rune.IsValid((int)number) ? Pad(new Rune((int)number).ToString(), "", '<') : throw TemplateValue.Error("%c needs a character");
        }

        var magnitude = BigInteger.Abs(number);
        var digits = Type switch { 'x' => Radix(magnitude, 16), 'X' => Radix(magnitude, 16).ToUpperInvariant(), 'o' => Radix(magnitude, 8), 'b' => Radix(magnitude, 2), _ => magnitude.ToString(CultureInfo.InvariantCulture) };
        var prefix = Alternate ? Type switch { 'x' => "0x", 'X' => "0X", 'o' => "0o", 'b' => "0b", _ => "" } : "";
        return Pad(Group(digits, Type is 'x' or 'X' or 'o' or 'b' ? 4 : 3), SignOf(number.Sign < 0) + prefix, '>');
    }

    public string Write(double value)
    {
        if (!double.IsFinite(value))
        {
            var name = double.IsNaN(value) ? "nan" : "inf";
            return Pad(Type is 'F' or 'E' or 'G' ? name.ToUpperInvariant() : name + (Type == '%' ? "%" : ""), SignOf(value < 0), '>');
        }

        var size = Math.Abs(value);
        var text = Type switch
        {
            'f' or 'F' => PythonRounding.Fixed(size, Precision ?? 6) + (Alternate && Precision == 0 ? "." : ""),
            '%' => PythonRounding.Fixed(size * 100, Precision ?? 6) + "%",
            'e' or 'E' => Exponential(size, Precision ?? 6),
            'g' or 'G' => General(size, Precision ?? 6, '\0'),
            '\0' => Precision is { } precision ? General(size, precision, 'r') : PythonNumber.Text(size),
            _ => throw TemplateValue.Error($"unknown format '{Type}' of a float"),
        };
        var point = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        text = point < 0 ? Group(text, 3) : Group(text[..point], 3) + text[point..];
        return Pad(Type is 'E' or 'G' ? text.ToUpperInvariant() : text, SignOf(double.IsNegative(value)), '>');
    }

    public string WriteText(string text) => Write(text);

    private string Write(string text)
    {
        if (Type is not ('\0' or 's') || Sign != '-' || Alternate || Align == '=' || Grouping != '\0')
        {
            throw TemplateValue.Error("the format does not fit a string");
        }

        return Pad(Precision is { } most && most < PythonText.Length(text) ? string.Concat(PythonText.Characters(text).Take(most)) : text, "", '<');
    }

    private static PythonFormat Parse(string text)
    {
        var characters = PythonText.Characters(text);
        var at = 0;
        string Current() => at < characters.Count ? characters[at] : "";
        var (fill, align) = (" ", '\0');
        if (characters.Count > 1 && characters[1] is "<" or ">" or "=" or "^")
        {
            (fill, align, at) = (characters[0], characters[1][0], 2);
        }
        else if (Current() is "<" or ">" or "=" or "^")
        {
            align = characters[at++][0];
        }

        var sign = Current() is "+" or "-" or " " ? characters[at++][0] : '-';
        var alternate = Current() == "#" && at++ >= 0;
        if (Current() == "0")
        {
            at++;
            fill = align == '\0' ? "0" : fill;
            align = align == '\0' ? '=' : align;
        }

        int? Number()
        {
            var start = at;
            while (Current() is [>= '0' and <= '9'])
            {
                at++;
            }

            return start == at ? null : int.TryParse(string.Concat(characters[start..at]), CultureInfo.InvariantCulture, out var number) ? number : throw TemplateValue.Error("a format's width is too large");
        }

        var width = Number() ?? 0;
        var grouping = Current() is "," or "_" ? characters[at++][0] : '\0';
        int? precision = null;
        if (Current() == ".")
        {
            at++;
            precision = Number() ?? throw TemplateValue.Error("a format's precision is missing");
        }

        var type = Current() is [var letter] && "sdxXobceEfFgG%".Contains(letter, StringComparison.Ordinal) ? characters[at++][0] : '\0';
        return at == characters.Count && precision is null or <= 1000
            ? new PythonFormat { Fill = fill, Align = align, Sign = sign, Alternate = alternate, Width = width, Grouping = grouping, Precision = precision, Type = type }
            : throw TemplateValue.Error($"the format '{text}' is not supported");
    }

    private string SignOf(bool negative) => negative ? "-" : Sign == '-' ? "" : Sign.ToString();

    private string Group(string digits, int size)
    {
        if (Grouping == '\0')
        {
            return digits;
        }

        // With leading zeros the grouping goes into them, up to the width.
        var padded = Align == '=' && Fill == "0" ? throw TemplateValue.Error("grouping together with leading zeros is not supported") : digits;
        var builder = new StringBuilder();
        for (var i = 0; i < padded.Length; i++)
        {
            builder.Append(i > 0 && (padded.Length - i) % size == 0 ? Grouping.ToString() : "").Append(padded[i]);
        }

        return builder.ToString();
    }

    private string Pad(string body, string sign, char otherwise)
    {
        var missing = Width - PythonText.Length(sign) - PythonText.Length(body);
        if (missing <= 0)
        {
            return sign + body;
        }

        string Filling(int count) => string.Concat(Enumerable.Repeat(Fill, count));
        return (Align == '\0' ? otherwise : Align) switch
        {
            '<' => sign + body + Filling(missing),
            '^' => Filling(missing / 2) + sign + body + Filling(missing - (missing / 2)),
            '=' => sign + Filling(missing) + body,
            _ => Filling(missing) + sign + body,
        };
    }

    private static string Radix(BigInteger value, int radix)
    {
        if (value.IsZero)
        {
            return "0";
        }

        var digits = new StringBuilder();
        for (; !value.IsZero; value /= radix)
        {
            digits.Insert(0, "0123456789abcdef"[(int)(value % radix)]);
        }

        return digits.ToString();
    }

    private string Exponential(double value, int precision)
    {
        var (digits, exponent) = PythonRounding.Significant(value, precision + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{digits[..1]}{(precision > 0 || Alternate ? "." : "")}{digits[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <param name="kind">'r': like str() without a type: at least one digit behind the point.</param>
    private string General(double value, int precision, char kind)
    {
        precision = Math.Max(precision, 1);
        var (digits, exponent) = PythonRounding.Significant(value, precision);
        digits = Alternate ? digits : digits.TrimEnd('0') is { Length: > 0 } kept ? kept : "0";
        if (exponent < -4 || exponent >= (kind == 'r' ? Math.Max(precision - 1, 1) + (precision == 1 ? 0 : 0) : precision))
        {
            return string.Create(CultureInfo.InvariantCulture, $"{digits[..1]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }

        if (exponent < 0)
        {
            return "0." + new string('0', -exponent - 1) + digits;
        }

        var whole = digits.PadRight(exponent + 1, '0');
        return whole.Length > exponent + 1 ? whole[..(exponent + 1)] + "." + whole[(exponent + 1)..] : whole + (kind == 'r' ? ".0" : Alternate ? "." : "");
    }
}
