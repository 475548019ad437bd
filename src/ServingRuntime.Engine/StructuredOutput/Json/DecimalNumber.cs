using System.Globalization;
using System.Numerics;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>An exact decimal number: Unscaled / 10^Scale, with no trailing zero behind the point.</summary>
internal readonly record struct DecimalNumber : IComparable<DecimalNumber>
{
    private const int MaxMagnitude = 320;

    private DecimalNumber(BigInteger unscaled, int scale)
    {
        while (scale > 0 && unscaled % 10 == 0)
        {
            unscaled /= 10;
            scale--;
        }

        Unscaled = unscaled;
        Scale = scale;
    }

    public BigInteger Unscaled { get; }

    public int Scale { get; }

    public bool IsInteger => Scale == 0;

    public int Sign => Unscaled.Sign;

    public DecimalNumber Magnitude => new(BigInteger.Abs(Unscaled), Scale);

    /// <summary>Digits before the point, at least one.</summary>
    public string WholeDigits => (BigInteger.Abs(Unscaled) / BigInteger.Pow(10, Scale)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Digits behind the point.</summary>
    public string FractionDigits => Scale == 0
        ? ""
        : (BigInteger.Abs(Unscaled) % BigInteger.Pow(10, Scale)).ToString(CultureInfo.InvariantCulture).PadLeft(Scale, '0');

    public static DecimalNumber Of(BigInteger value) => new(value, 0);

    /// <exception cref="GrammarException">Its exponent is out of all proportion.</exception>
    public static DecimalNumber Parse(string json, string where)
    {
        var split = json.IndexOfAny(['e', 'E']);
        var mantissa = split < 0 ? json : json[..split];
        var exponent = 0;
        if ((split >= 0 && !int.TryParse(json.AsSpan(split + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
            || Math.Abs((long)exponent) > MaxMagnitude || mantissa.Length > MaxMagnitude)
        {
            throw new GrammarException($"JSON schema: {where}: {json} is beyond any number that can be written");
        }

        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? mantissa : mantissa.Remove(point, 1);
        var scale = (point < 0 ? 0 : mantissa.Length - point - 1) - exponent;
        var unscaled = BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return scale >= 0 ? new DecimalNumber(unscaled, scale) : new DecimalNumber(unscaled * BigInteger.Pow(10, -scale), 0);
    }

    public int CompareTo(DecimalNumber other)
        => (Unscaled * BigInteger.Pow(10, other.Scale)).CompareTo(other.Unscaled * BigInteger.Pow(10, Scale));

    public static DecimalNumber operator -(DecimalNumber value) => new(-value.Unscaled, value.Scale);

    /// <summary>The greatest integer that is not greater.</summary>
    public BigInteger Floor()
    {
        var quotient = BigInteger.DivRem(Unscaled, BigInteger.Pow(10, Scale), out var remainder);
        return remainder.Sign < 0 ? quotient - 1 : quotient;
    }

    /// <summary>The least integer that is not less.</summary>
    public BigInteger Ceiling() => -(-this).Floor();
}
