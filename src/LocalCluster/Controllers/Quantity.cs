using System.Globalization;

namespace Octavo.LocalCluster.Controllers;

/// <summary>Kubernetes quantities: <c>250m</c>, <c>1Gi</c>, <c>2e3</c>, <c>1.5</c>.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, decimal Factor)[] Suffixes =
    [
        ("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40), ("Pi", 1L << 50), ("Ei", 1L << 60),
        ("n", 0.000000001m), ("u", 0.000001m), ("m", 0.001m), ("k", 1e3m), ("M", 1e6m), ("G", 1e9m), ("T", 1e12m), ("P", 1e15m), ("E", 1e18m),
    ];

    /// <summary>The value in whole units (cores, bytes, devices); throws <see cref="FormatException"/>.</summary>
    public static decimal Parse(string text)
    {
        var trimmed = text.Trim();
        foreach (var (suffix, factor) in Suffixes)
        {
            if (trimmed.EndsWith(suffix, StringComparison.Ordinal) && TryNumber(trimmed[..^suffix.Length], out var scaled))
            {
                return scaled * factor;
            }
        }

        return TryNumber(trimmed, out var plain) ? plain : throw new FormatException($"\"{text}\" is not a quantity");
    }

    /// <summary>A whole number of thousandths or of units, in the shortest usual form.</summary>
    public static string Format(decimal value) =>
        value == decimal.Truncate(value)
            ? decimal.Truncate(value).ToString(CultureInfo.InvariantCulture)
            : decimal.Ceiling(value * 1000).ToString(CultureInfo.InvariantCulture) + "m";

    private static bool TryNumber(string text, out decimal value) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value);
}
