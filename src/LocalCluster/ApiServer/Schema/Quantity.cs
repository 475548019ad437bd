using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>A resource quantity such as 500m or 1Gi: exact to a nano unit (rounded up), printed in the canonical form of its own notation.</summary>
internal readonly partial record struct Quantity(BigInteger Nano, QuantityNotation Notation) : IComparable<Quantity>
{
    public const string PatternError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    private static readonly BigInteger NanoPerUnit = 1_000_000_000;
    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    /// <returns>False, with the server's sentence, for text that is no quantity.</returns>
    public static bool TryParse(string text, out Quantity quantity, out string error)
    {
        quantity = default;
        error = PatternError;
        var match = Shape().Match(text);
        if (!match.Success || !match.Groups["number"].ValueSpan.ContainsAnyInRange('0', '9') || match.Groups["number"].ValueSpan.Count('.') > 1)
        {
            return false;
        }

        var number = match.Groups["number"].Value;
        var suffix = match.Groups["suffix"].Value;
        var negative = number.StartsWith('-');
        number = number.TrimStart('+', '-');
        var point = number.IndexOf('.', StringComparison.Ordinal);
        var decimals = point < 0 ? 0 : number.Length - point - 1;
        var mantissa = BigInteger.Parse(number.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * NanoPerUnit;
        QuantityNotation notation;
        if (Array.IndexOf(DecimalSuffixes, suffix) is var power and >= 0)
        {
            (mantissa, notation) = (Scale(mantissa, 10, (power - 3) * 3), QuantityNotation.DecimalSuffix);
        }
        else if (Array.IndexOf(BinarySuffixes, suffix) is var binary and > 0)
        {
            (mantissa, notation) = (mantissa * BigInteger.Pow(1024, binary), QuantityNotation.BinarySuffix);
        }
        else if (suffix[0] is 'e' or 'E' && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) && Math.Abs(exponent) <= 60)
        {
            (mantissa, notation) = (Scale(mantissa, 10, exponent), QuantityNotation.DecimalExponent);
        }
        else
        {
            error = "unable to parse quantity's suffix";
            return false;
        }

        mantissa = Scale(mantissa, 10, -decimals);
        quantity = new Quantity(negative ? -mantissa : mantissa, notation);
        return true;
    }

    public int CompareTo(Quantity other) => Nano.CompareTo(other.Nano);

    public override string ToString()
    {
        if (Nano.IsZero)
        {
            return "0";
        }

        if (Notation == QuantityNotation.BinarySuffix && Nano % NanoPerUnit == 0 && BigInteger.Abs(Nano) >= NanoPerUnit * 1024)
        {
            var value = Nano / NanoPerUnit;
            var power = 0;
            while (power < BinarySuffixes.Length - 1 && value % 1024 == 0)
            {
                value /= 1024;
                power++;
            }

            return value.ToString(CultureInfo.InvariantCulture) + BinarySuffixes[power];
        }

        var mantissa = Nano;
        var index = 0;
        while (index < DecimalSuffixes.Length - 1 && mantissa % 1000 == 0)
        {
            mantissa /= 1000;
            index++;
        }

        var digits = mantissa.ToString(CultureInfo.InvariantCulture);
        var exponent = (index - 3) * 3;
        return Notation == QuantityNotation.DecimalExponent
            ? exponent == 0 ? digits : $"{digits}e{exponent.ToString(CultureInfo.InvariantCulture)}"
            : digits + DecimalSuffixes[index];
    }

    /// <summary>Rounds up when it divides, as the server does for parts smaller than a nano unit.</summary>
    private static BigInteger Scale(BigInteger value, int numberBase, int power)
    {
        if (power >= 0)
        {
            return value * BigInteger.Pow(numberBase, power);
        }

        var quotient = BigInteger.DivRem(value, BigInteger.Pow(numberBase, -power), out var rest);
        return rest.IsZero ? quotient : quotient + 1;
    }

    [GeneratedRegex("^(?<number>[+-]?[0-9.]+)(?<suffix>[eEinumkKMGTP]*[-+]?[0-9]*)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Shape();
}
