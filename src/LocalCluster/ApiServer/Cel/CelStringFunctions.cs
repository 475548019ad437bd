using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>The strings library and matching by regular expression. Positions count code points.</summary>
internal static class CelStringFunctions
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(1);

    public static bool TryInvoke(bool method, string name, object?[] values, out object? result)
    {
        result = (name, values) switch
        {
            ("matches", [string text, string pattern]) => Expression(pattern).IsMatch(text),
            _ when !method || values is not [string, ..] => null,
            ("contains", [string text, string part]) => text.Contains(part, StringComparison.Ordinal),
            ("startsWith", [string text, string part]) => text.StartsWith(part, StringComparison.Ordinal),
            ("endsWith", [string text, string part]) => text.EndsWith(part, StringComparison.Ordinal),
            ("lowerAscii", [string text]) => Map(text, char.IsAsciiLetterUpper, 32),
            ("upperAscii", [string text]) => Map(text, char.IsAsciiLetterLower, -32),
            ("trim", [string text]) => text.Trim(),
            ("charAt", [string text, long at]) => At(text, at),
            ("indexOf", [string text, string part]) => IndexOf(text, part, 0),
            ("indexOf", [string text, string part, long from]) => IndexOf(text, part, from),
            ("lastIndexOf", [string text, string part]) => LastIndexOf(text, part, text.Length),
            ("lastIndexOf", [string text, string part, long from]) => LastIndexOf(text, part, from),
            ("replace", [string text, string part, string with]) => Replace(text, part, with, -1),
            ("replace", [string text, string part, string with, long count]) => Replace(text, part, with, count),
            ("split", [string text, string separator]) => Split(text, separator, -1),
            ("split", [string text, string separator, long count]) => Split(text, separator, count),
            ("substring", [string text, long from]) => Substring(text, from, null),
            ("substring", [string text, long from, long to]) => Substring(text, from, to),
            ("reverse", [string text]) => string.Concat(Runes(text).AsEnumerable().Reverse()),
            ("find", [string text, string pattern]) => Expression(pattern).Match(text).Value,
            ("findAll", [string text, string pattern]) => Expression(pattern).Matches(text).Select(m => (object?)m.Value).ToList(),
            ("findAll", [string text, string pattern, long count]) => Expression(pattern).Matches(text).Take(count < 0 ? int.MaxValue : (int)count).Select(m => (object?)m.Value).ToList(),
            ("format", [string text, List<object?> arguments]) => Format(text, arguments),
            _ => null,
        };
        return result is not null;
    }

    /// <summary>Compiles a pattern; the syntax of the two languages is the same for what schemas use.</summary>
    public static Regex Expression(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, MatchLimit);
        }
        catch (ArgumentException e)
        {
            throw new CelException($"error parsing regexp: {e.Message}");
        }
    }

    private static string Map(string text, Func<char, bool> applies, int shift) => string.Concat(text.Select(c => applies(c) ? (char)(c + shift) : c));

    private static List<string> Runes(string text) => text.EnumerateRunes().Select(r => r.ToString()).ToList();

    private static string At(string text, long at)
    {
        var runes = Runes(text);
        return at < 0 || at > runes.Count ? throw OutOfRange(at) : at == runes.Count ? "" : runes[(int)at];
    }

    private static object IndexOf(string text, string part, long from)
    {
        if (from < 0 || from > text.Length)
        {
            throw OutOfRange(from);
        }

        return (long)text.IndexOf(part, (int)from, StringComparison.Ordinal);
    }

    private static object LastIndexOf(string text, string part, long from)
    {
        if (from < 0 || from > text.Length)
        {
            throw OutOfRange(from);
        }

        for (var i = (int)Math.Min(from, text.Length - part.Length); i >= 0; i--)
        {
            if (string.CompareOrdinal(text, i, part, 0, part.Length) == 0)
            {
                return (long)i;
            }
        }

        return -1L;
    }

    private static string Replace(string text, string part, string with, long count)
    {
        if (count < 0 && part.Length > 0)
        {
            return text.Replace(part, with, StringComparison.Ordinal);
        }

        var result = new StringBuilder();
        var at = 0;
        while (count != 0 && part.Length > 0 && text.IndexOf(part, at, StringComparison.Ordinal) is var next and >= 0)
        {
            result.Append(text, at, next - at).Append(with);
            at = next + part.Length;
            count--;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    private static List<object?> Split(string text, string separator, long count) => count == 0 ? []
        : separator.Length == 0 ? Runes(text).Cast<object?>().ToList()
        : text.Split(separator, count < 0 ? int.MaxValue : (int)Math.Min(count, int.MaxValue)).Cast<object?>().ToList();

    private static string Substring(string text, long from, long? to)
    {
        var runes = Runes(text);
        var end = to ?? runes.Count;
        if (from < 0 || from > runes.Count)
        {
            throw OutOfRange(from);
        }

        return end < from || end > runes.Count ? throw OutOfRange(end) : string.Concat(runes.Skip((int)from).Take((int)(end - from)));
    }

    private static string Format(string text, List<object?> arguments)
    {
        var result = new StringBuilder();
        var next = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%' || i + 1 >= text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            if (text[i] == '%')
            {
                result.Append('%');
                continue;
            }

            var precision = 6;
            if (text[i] == '.')
            {
                var start = ++i;
                while (i < text.Length && char.IsAsciiDigit(text[i]))
                {
                    i++;
                }

                precision = int.Parse(text.AsSpan(start, i - start), CultureInfo.InvariantCulture);
            }

            var value = next < arguments.Count ? arguments[next++] : throw new CelException("index " + next.ToString(CultureInfo.InvariantCulture) + " out of range");
            result.Append((i < text.Length ? text[i] : '\0', value) switch
            {
                ('s', _) => CelValues.Print(value),
                ('d', long or ulong) => CelValues.Print(value),
                ('f', double real) => real.ToString("F" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
                ('e', double real) => real.ToString("e" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
                ('x', long whole) => whole.ToString("x", CultureInfo.InvariantCulture),
                ('X', long whole) => whole.ToString("X", CultureInfo.InvariantCulture),
                ('o', long whole) => Convert.ToString(whole, 8),
                ('b', long whole) => Convert.ToString(whole, 2),
                _ => throw new CelException("could not parse formatting clause"),
            });
        }

        return result.ToString();
    }

    private static CelException OutOfRange(long at) => new("index out of range: " + at.ToString(CultureInfo.InvariantCulture));
}
