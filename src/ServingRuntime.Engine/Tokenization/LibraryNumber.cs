using System.Globalization;
using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>
/// A number as the JSON reader of Hugging Face's library takes it: all digits as one whole number, rounded, and then divided by a power of ten, rounded again. With 17
/// digits that may be the neighbour of the nearest double, and decides which of two ways to cut a long run scores higher.
/// </summary>
internal static class LibraryNumber
{
    private const int LargestPower = 308;

    public static double Read(JsonElement element)
    {
        var exact = element.GetDouble();
        var text = element.GetRawText();
        var significand = 0UL;
        var exponent = 0;
        var at = text[0] == '-' ? 1 : 0;
        for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
        {
            if (!TryAppend(ref significand, text[at]))
            {
                return exact;
            }
        }

        if (at < text.Length && text[at] == '.')
        {
            // Digits that do not fit any more are left out.
            for (at++; at < text.Length && char.IsAsciiDigit(text[at]) && TryAppend(ref significand, text[at]); at++)
            {
                exponent--;
            }

            for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
            {
            }
        }

        if (at < text.Length && (text[at] is 'e' or 'E'))
        {
            exponent += int.TryParse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var written) ? written : 0;
        }

        if (Math.Abs(exponent) > LargestPower)
        {
            return exact;
        }

        var power = double.Parse("1e" + Math.Abs(exponent).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        var value = exponent >= 0 ? significand * power : significand / power;
        return text[0] == '-' ? -value : value;
    }

    private static bool TryAppend(ref ulong significand, char digit)
    {
        var value = (ulong)(digit - '0');
        if (significand > (ulong.MaxValue - value) / 10)
        {
            return false;
        }

        significand = (significand * 10) + value;
        return true;
    }
}
