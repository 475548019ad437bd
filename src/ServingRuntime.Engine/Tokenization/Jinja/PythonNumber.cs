using System.Globalization;
using System.Numerics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Python's int (a long, or a BigInteger beyond it), bool (an int too) and float (a double).</summary>
internal static class PythonNumber
{
    /// <summary>Python writes no integer of more than 4300 digits; nothing that a template needs comes near.</summary>
    public const long MaxBits = 14_000;

    public static object Integer(BigInteger value)
        => value >= long.MinValue && value <= long.MaxValue ? (object)(long)value
        : value.GetBitLength() <= MaxBits ? value
        : throw new TemplateException(TemplateFault.Limit, "an integer became too large");

    public static object Integer(Int128 value) => value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : Integer((BigInteger)value);

    public static bool IsInteger(object? value) => value is long or bool or BigInteger;

    public static bool IsNumber(object? value) => value is long or bool or BigInteger or double;

    public static bool TrySmall(object? value, out long number)
    {
        number = value switch { long integer => integer, bool flag => flag ? 1 : 0, _ => 0 };
        return value is long or bool;
    }

    public static BigInteger Big(object? value) => value switch { long integer => integer, bool flag => flag ? 1 : 0, BigInteger big => big, _ => throw TemplateValue.Error("no integer") };

    public static double Float(object? value) => value switch
    {
        double real => real,
        long integer => integer,
        bool flag => flag ? 1 : 0,
        BigInteger big => Nearest(big) is var nearest && double.IsFinite(nearest) ? nearest : throw TemplateValue.Error("the integer is too large for a float"),
        _ => throw TemplateValue.Error($"'{TemplateValue.TypeName(value)}' is no number"),
    };

    /// <summary>.NET's own conversion cuts digits off; Python's rounds to nearest, ties to even.</summary>
    public static double Nearest(BigInteger value)
    {
        var magnitude = BigInteger.Abs(value);
        var shift = (int)Math.Max(0, magnitude.GetBitLength() - 62);

        // 62 bits, the last one sticky: more than enough for the one rounding of the conversion.
        var kept = (ulong)(magnitude >> shift) | (shift > 0 && !(magnitude & ((BigInteger.One << shift) - 1)).IsZero ? 1UL : 0UL);
        return value.Sign * Math.ScaleB((double)kept, shift);
    }

    /// <summary>Exact, also between int and float; null where one is nan.</summary>
    public static int? Compare(object left, object right)
    {
        if (TrySmall(left, out var a) && TrySmall(right, out var b))
        {
            return a.CompareTo(b);
        }

        if (left is double x)
        {
            return right is double y ? (double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y)) : -Compare(right, left);
        }

        if (right is not double real)
        {
            return Big(left).CompareTo(Big(right));
        }

        if (!double.IsFinite(real))
        {
            return double.IsNaN(real) ? null : real > 0 ? -1 : 1;
        }

        var whole = new BigInteger(real);
        var order = Big(left).CompareTo(whole);
        return order != 0 ? order : ((double)whole).CompareTo(real);
    }

    /// <summary>repr(float): the shortest digits that read back, 1.0, 1e+16, 0.0001, 1e-05.</summary>
    public static string Text(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        var sign = double.IsNegative(value) ? "-" : "";
        var (digits, point) = Digits(Math.Abs(value));
        return sign + (point is > -4 and <= 16 ? Plain(digits, point) : Exponential(digits, point - 1));
    }

    /// <summary>The shortest digits d1 d2 ... and the place of the point: the value is 0.d1d2... times ten to that power.</summary>
    public static (string Digits, int Point) Digits(double value)
    {
        if (value == 0)
        {
            return ("0", 1);
        }

        var parts = value.ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var digits = parts[0].Replace(".", "", StringComparison.Ordinal);
        var whole = (point < 0 ? parts[0].Length : point) + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0);
        var zeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits[zeros..].TrimEnd('0');
        return (digits, whole - zeros);
    }

    /// <summary>int(str, base): white space around, a sign, underscores between digits, digits of any script.</summary>
    public static bool TryParseInteger(string text, int radix, out object value)
    {
        value = 0L;
        var rest = PythonText.Strip(text, null);
        var negative = rest.StartsWith('-');
        rest = negative || rest.StartsWith('+') ? rest[1..] : rest;
        var prefix = rest.Length > 1 && rest[0] == '0' ? char.ToLowerInvariant(rest[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (prefix != 0 && (radix == 0 || radix == prefix))
        {
            rest = rest[2..];
            rest = rest.StartsWith('_') ? rest[1..] : rest;
            radix = prefix;
        }
        else if (radix == 0)
        {
            radix = rest.Trim('0', '_').Length > 0 && rest.StartsWith('0') ? -1 : 10;
        }

        if (rest.Length == 0 || rest.Length > 4300 || radix < 2 || rest.StartsWith('_') || rest.EndsWith('_') || rest.Contains("__", StringComparison.Ordinal))
        {
            return false;
        }

        var total = BigInteger.Zero;
        foreach (var rune in rest.Replace("_", "", StringComparison.Ordinal).EnumerateRunes())
        {
            var digit = rune.Value < 128 && char.IsAsciiLetter((char)rune.Value) ? char.ToLowerInvariant((char)rune.Value) - 'a' + 10
                : System.Text.Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber ? (int)System.Text.Rune.GetNumericValue(rune) : -1;
            if (digit < 0 || digit >= radix)
            {
                return false;
            }

            total = (total * radix) + digit;
        }

        value = Integer(negative ? -total : total);
        return true;
    }

    /// <summary>float(str).</summary>
    public static bool TryParseFloat(string text, out double value)
    {
        value = 0;
        var rest = PythonText.Strip(text, null);
        var unsigned = rest.TrimStart('+', '-').ToLowerInvariant();
        if (rest.Length - unsigned.Length > 1 || unsigned.Length == 0)
        {
            return false;
        }

        if (unsigned is "inf" or "infinity" or "nan")
        {
            value = unsigned == "nan" ? double.NaN : rest[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] == '_' && (i == 0 || i == rest.Length - 1 || !char.IsAsciiDigit(rest[i - 1]) || !char.IsAsciiDigit(rest[i + 1])))
            {
                return false;
            }
        }

        return unsigned.AsSpan().IndexOfAnyExcept("0123456789.e+-_") < 0
            && double.TryParse(rest.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private static string Plain(string digits, int point)
        => point <= 0 ? "0." + new string('0', -point) + digits
        : point >= digits.Length ? digits + new string('0', point - digits.Length) + ".0"
        : digits[..point] + "." + digits[point..];

    private static string Exponential(string digits, int exponent)
        => string.Create(CultureInfo.InvariantCulture, $"{digits[..1]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
}
