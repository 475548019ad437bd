using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Python's str: its characters are Unicode scalars, its white space has four controls more than .NET's.</summary>
internal static class PythonText
{
    public static bool IsSpace(char unit) => char.IsWhiteSpace(unit) || unit is >= '\x1c' and <= '\x1f';

    public static bool IsSpace(ReadOnlySpan<char> text)
    {
        foreach (var unit in text)
        {
            if (!IsSpace(unit))
            {
                return false;
            }
        }

        return true;
    }

    /// <param name="characters">What is taken off; null: white space.</param>
    public static string Strip(string text, string? characters, bool left = true, bool right = true)
    {
        var drop = characters?.EnumerateRunes().ToHashSet();
        var (start, end) = (0, text.Length);
        while (left && start < end && Drops(drop, text, start, out var length))
        {
            start += length;
        }

        while (right && end > start && Drops(drop, text, end > 1 && char.IsLowSurrogate(text[end - 1]) ? end - 2 : end - 1, out var length))
        {
            end -= length;
        }

        return text[start..end];
    }

    /// <summary>Scalars, as strings.</summary>
    public static List<string> Characters(string text)
    {
        var output = new List<string>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            output.Add(rune.ToString());
        }

        return output;
    }

    public static int Length(ReadOnlySpan<char> text)
    {
        var length = text.Length;
        foreach (var unit in text)
        {
            length -= char.IsLowSurrogate(unit) ? 1 : 0;
        }

        return length;
    }

    /// <summary>By scalars, where .NET's ordinal order is by UTF-16 units.</summary>
    public static int Compare(string left, string right)
    {
        var at = left.AsSpan().CommonPrefixLength(right);
        if (at == left.Length || at == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        var (a, b) = (left[at], right[at]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }

    /// <summary>str.splitlines.</summary>
    public static List<string> Lines(string text, bool keepEnds = false)
    {
        var lines = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029'))
            {
                continue;
            }

            var end = i;
            i += text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? 1 : 0;
            lines.Add(text[start..(keepEnds ? i + 1 : end)]);
            start = i + 1;
        }

        if (start < text.Length)
        {
            lines.Add(text[start..]);
        }

        return lines;
    }

    public static bool IsLower(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.LowercaseLetter || rune.Value is
        0xAA or 0xBA or (>= 0x2B0 and <= 0x2B8) or 0x2C0 or 0x2C1 or (>= 0x2E0 and <= 0x2E4) or 0x345 or 0x37A or (>= 0x1D2C and <= 0x1D6A) or 0x1D78 or 0x10FC or 0x2C7C or 0x2C7D
        or (>= 0x1D9B and <= 0x1DBF) or 0x2071 or 0x207F or (>= 0x2090 and <= 0x209C) or (>= 0x2170 and <= 0x217F) or (>= 0x24D0 and <= 0x24E9);

    public static bool IsUpper(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.UppercaseLetter || rune.Value is
        (>= 0x2160 and <= 0x216F) or (>= 0x24B6 and <= 0x24CF) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);

    public static bool IsCased(Rune rune) => IsLower(rune) || IsUpper(rune) || Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter;

    /// <summary>str.islower and str.isupper: some letter has this case, and none has another.</summary>
    public static bool HasCase(string text, bool lower)
    {
        var found = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (lower ? IsLower(rune) : IsUpper(rune))
            {
                found = true;
            }
            else if (IsCased(rune))
            {
                return false;
            }
        }

        return found;
    }

    public static bool IsTitle(string text)
    {
        var (found, inWord) = (false, false);
        foreach (var rune in text.EnumerateRunes())
        {
            var lower = IsLower(rune);
            if (IsCased(rune) && lower != inWord)
            {
                return false;
            }

            inWord = IsCased(rune);
            found |= inWord;
        }

        return found;
    }

    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>repr(str).</summary>
    public static void Represent(StringBuilder builder, string text)
    {
        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        builder.Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            var value = rune.Value;
            _ = value switch
            {
                '\\' => builder.Append(@"\\"),
                '\n' => builder.Append(@"\n"),
                '\r' => builder.Append(@"\r"),
                '\t' => builder.Append(@"\t"),
                _ when value == quote => builder.Append('\\').Append(quote),
                _ when IsPrintable(rune) => Append(builder, rune),
                < 0x100 => builder.Append(CultureInfo.InvariantCulture, $"\\x{value:x2}"),
                < 0x10000 => builder.Append(CultureInfo.InvariantCulture, $"\\u{value:x4}"),
                _ => builder.Append(CultureInfo.InvariantCulture, $"\\U{value:x8}"),
            };
        }

        builder.Append(quote);
    }

    private static StringBuilder Append(StringBuilder builder, Rune rune)
        => rune.IsBmp ? builder.Append((char)rune.Value) : builder.Append(rune.ToString());

    private static bool Drops(HashSet<Rune>? drop, string text, int at, out int length)
    {
        length = 1;
        if (drop is null)
        {
            return IsSpace(text[at]);
        }

        var rune = Rune.TryGetRuneAt(text, at, out var found) ? found : Rune.ReplacementChar;
        length = Rune.TryGetRuneAt(text, at, out _) ? rune.Utf16SequenceLength : 1;
        return drop.Contains(rune);
    }
}
