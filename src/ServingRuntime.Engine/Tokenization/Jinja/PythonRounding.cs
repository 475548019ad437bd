using System.Globalization;
using System.Numerics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Decimal rounding of floats from their exact binary value, halves to even, as Python's round() and formats do.</summary>
internal static class PythonRounding
{
    /// <summary>round(value, places).</summary>
    public static double Round(double value, int places)
    {
        if (!double.IsFinite(value) || places > 323)
        {
            return value;
        }

        if (places < -308)
        {
            return 0.0 * value;
        }

        var text = Scaled(Math.Abs(value), places).ToString(CultureInfo.InvariantCulture) + "E" + (-places).ToString(CultureInfo.InvariantCulture);
        var rounded = double.Parse(text, CultureInfo.InvariantCulture);
        return double.IsFinite(rounded) ? (double.IsNegative(value) ? -rounded : rounded) : throw TemplateValue.Error("the rounded value is too large for a float");
    }

    /// <summary>round(value, -places) of an int: to a multiple of a power of ten.</summary>
    public static object Round(object integer, int places)
    {
        if (places >= 0)
        {
            return PythonNumber.Integer(PythonNumber.Big(integer));
        }

        var unit = BigInteger.Pow(10, Math.Min(-places, 5000));
        return PythonNumber.Integer(Divide(PythonNumber.Big(integer), unit) * unit);
    }

    /// <summary>%.{places}f of a value that is not negative.</summary>
    public static string Fixed(double value, int places)
    {
        var digits = Scaled(value, places).ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        return places == 0 ? digits : digits[..^places] + "." + digits[^places..];
    }

    /// <summary>That many significant digits of a value that is not negative, and the power of ten of the first.</summary>
    public static (string Digits, int Exponent) Significant(double value, int count)
    {
        if (value == 0)
        {
            return (new string('0', count), 0);
        }

        var exponent = PythonNumber.Digits(value).Point - 1;
        var digits = Scaled(value, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
        return digits.Length > count ? (digits[..count], exponent + 1) : (digits, exponent);
    }

    private static BigInteger Scaled(double value, int places)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        BigInteger mantissa = exponent == 0 ? bits & 0xFFFFFFFFFFFFF : (bits & 0xFFFFFFFFFFFFF) | 0x10000000000000;
        exponent = Math.Max(exponent, 1) - 1075;
        var numerator = mantissa * BigInteger.Pow(10, Math.Max(places, 0)) * BigInteger.Pow(2, Math.Max(exponent, 0));
        return Divide(numerator, BigInteger.Pow(10, Math.Max(-places, 0)) * BigInteger.Pow(2, Math.Max(-exponent, 0)));
    }

    /// <summary>To the nearest, halves to even; the divisor is positive.</summary>
    private static BigInteger Divide(BigInteger value, BigInteger by)
    {
        var quotient = BigInteger.DivRem(BigInteger.Abs(value), by, out var rest);
        var half = (rest * 2).CompareTo(by);
        quotient += half > 0 || (half == 0 && !quotient.IsEven) ? 1 : 0;
        return value.Sign < 0 ? -quotient : quotient;
    }
}
