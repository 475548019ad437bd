using System.Globalization;
using System.Numerics;

namespace Octavo.KubernetesClient;

/// <summary>
/// A resource quantity such as 500m or 1Gi: exact to a nano unit (finer parts count as a whole one, away from zero), printed in the canonical
/// form of its own notation. Two quantities are equal where they print the same; <see cref="CompareTo"/> compares amounts only.
/// </summary>
/// <param name="Nano">The amount in thousand-millionths of a unit (cores, bytes, pieces).</param>
public readonly record struct ResourceQuantity(BigInteger Nano, ResourceQuantityNotation Notation) : IComparable<ResourceQuantity>
{
    /// <summary>The API server's sentence for text that is no quantity.</summary>
    public const string PatternError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    /// <summary>The API server's sentence for a number with a wrong suffix.</summary>
    public const string SuffixError = "unable to parse quantity's suffix";

    // 1e60 is far beyond any amount; an exponent without a bound would let a short text cost a lot of memory.
    private const int MaxExponent = 60;

    // A number of up to 18 digits fits 64 bits; longer ones are capped at the largest of those, as the server caps them.
    private const int FastDigits = 18;

    private const int NanoDigits = 9;
    private static readonly BigInteger NanoPerUnit = 1_000_000_000;
    private static readonly BigInteger MaxNano = long.MaxValue * NanoPerUnit;
    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    public static ResourceQuantity OfUnits(long units) => new(units * NanoPerUnit, ResourceQuantityNotation.DecimalSuffix);

    /// <exception cref="FormatException">The text is no quantity.</exception>
    public static ResourceQuantity Parse(string text) =>
        TryParse(text, out var quantity, out var error) ? quantity : throw new FormatException($"\"{text}\" is not a quantity: {error}");

    public static bool TryParse(string? text, out ResourceQuantity quantity) => TryParse(text, out quantity, out _);

    /// <returns>False, with the server's sentence, for text that is no quantity.</returns>
    public static bool TryParse(string? text, out ResourceQuantity quantity, out string error)
    {
        quantity = default;
        error = PatternError;
        var rest = text.AsSpan();
        var isNegative = rest is ['-', ..];
        if (rest is ['-' or '+', ..])
        {
            rest = rest[1..];
        }

        var length = Leading(rest, "0123456789.");
        var number = rest[..length];
        var suffix = rest[length..];
        if (!number.ContainsAnyInRange('0', '9') || number.Count('.') > 1 || !IsSuffixShaped(suffix))
        {
            return false;
        }

        var point = number.IndexOf('.');
        var whole = (point < 0 ? number : number[..point]).TrimStart('0');
        var fraction = point < 0 ? [] : number[(point + 1)..];
        if (!TryScale(suffix, out var notation, out var factor, out var exponent))
        {
            error = SuffixError;
            return false;
        }

        var power = NanoDigits + exponent - fraction.Length;
        var mantissa = BigInteger.Parse($"0{whole}{fraction}", CultureInfo.InvariantCulture) * factor;
        var nano = power >= 0 ? mantissa * BigInteger.Pow(10, power) : DivideUp(mantissa, BigInteger.Pow(10, -power));
        if (notation == ResourceQuantityNotation.BinarySuffix)
        {
            // Less than one byte is printed as a decimal: no binary suffix fits.
            notation = nano < NanoPerUnit && !nano.IsZero ? ResourceQuantityNotation.DecimalSuffix : notation;
            nano = BigInteger.Min(nano, MaxNano);
        }
        else if (whole.Length + fraction.Length > FastDigits || power < 0)
        {
            nano = BigInteger.Min(nano, MaxNano);
        }

        quantity = new ResourceQuantity(isNegative ? -nano : nano, notation);
        return true;
    }

    /// <summary>
    /// The amount in whole units and parts of them, exact. Amounts beyond those of 64 bits (the notation allows them, no machine has them)
    /// count as the largest of those, so that sums do not overflow.
    /// </summary>
    public decimal ToDecimal() => (decimal)BigInteger.Clamp(Nano, -MaxNano, MaxNano) / 1_000_000_000m;

    /// <inheritdoc/>
    public int CompareTo(ResourceQuantity other) => Nano.CompareTo(other.Nano);

    public static bool operator <(ResourceQuantity left, ResourceQuantity right) => left.CompareTo(right) < 0;

    public static bool operator <=(ResourceQuantity left, ResourceQuantity right) => left.CompareTo(right) <= 0;

    public static bool operator >(ResourceQuantity left, ResourceQuantity right) => left.CompareTo(right) > 0;

    public static bool operator >=(ResourceQuantity left, ResourceQuantity right) => left.CompareTo(right) >= 0;

    /// <summary>The canonical form.</summary>
    public override string ToString()
    {
        if (Nano.IsZero)
        {
            return "0";
        }

        if (Notation == ResourceQuantityNotation.BinarySuffix && Nano % NanoPerUnit == 0 && BigInteger.Abs(Nano) >= NanoPerUnit * 1024)
        {
            var (value, power) = Shorten(Nano / NanoPerUnit, 1024, BinarySuffixes.Length - 1);
            return value.ToString(CultureInfo.InvariantCulture) + BinarySuffixes[power];
        }

        var (mantissa, index) = Shorten(Nano, 1000, DecimalSuffixes.Length - 1);
        var digits = mantissa.ToString(CultureInfo.InvariantCulture);
        var exponent = (index * 3) - NanoDigits;
        return Notation != ResourceQuantityNotation.DecimalExponent ? digits + DecimalSuffixes[index]
            : exponent == 0 ? digits
            : $"{digits}e{exponent.ToString(CultureInfo.InvariantCulture)}";
    }

    private static (BigInteger Value, int Power) Shorten(BigInteger value, int numberBase, int maxPower)
    {
        var power = 0;
        while (power < maxPower && value % numberBase == 0)
        {
            value /= numberBase;
            power++;
        }

        return (value, power);
    }

    private static BigInteger DivideUp(BigInteger value, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(value, divisor, out var rest);
        return rest.IsZero ? quotient : quotient + 1;
    }

    private static int Leading(ReadOnlySpan<char> text, string set) => text.IndexOfAnyExcept(set) is var end and >= 0 ? end : text.Length;

    private static bool IsSuffixShaped(ReadOnlySpan<char> suffix)
    {
        suffix = suffix[Leading(suffix, "eEinumkKMGTP")..];
        if (suffix is ['-' or '+', ..])
        {
            suffix = suffix[1..];
        }

        return !suffix.ContainsAnyExceptInRange('0', '9');
    }

    private static bool TryScale(ReadOnlySpan<char> suffix, out ResourceQuantityNotation notation, out BigInteger factor, out int exponent)
    {
        (notation, factor, exponent) = (ResourceQuantityNotation.DecimalSuffix, BigInteger.One, 0);
        var text = suffix.ToString();
        if (Array.IndexOf(DecimalSuffixes, text) is var power and >= 0)
        {
            exponent = (power * 3) - NanoDigits;
            return true;
        }

        if (Array.IndexOf(BinarySuffixes, text) is var binary and > 0)
        {
            (notation, factor) = (ResourceQuantityNotation.BinarySuffix, BigInteger.Pow(1024, binary));
            return true;
        }

        notation = ResourceQuantityNotation.DecimalExponent;
        return text[0] is 'e' or 'E'
            && int.TryParse(text.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)
            && Math.Abs((long)exponent) <= MaxExponent;
    }
}
