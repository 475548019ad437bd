using System.Globalization;
using System.Text;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>Splits an expression into tokens.</summary>
internal static class CelLexer
{
    private static readonly string[] Operators = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", "(", ")", "[", "]", "{", "}", ".", ","];

    /// <exception cref="CelException">A character or a literal cannot be read.</exception>
    public static List<CelToken> Read(string source)
    {
        var tokens = new List<CelToken>();
        var at = 0;
        while (true)
        {
            at = SkipBlank(source, at);
            if (at >= source.Length)
            {
                tokens.Add(new CelToken(CelTokenKind.End, "<EOF>", null, at));
                return tokens;
            }

            var start = at;
            var c = source[at];
            if (char.IsAsciiDigit(c) || (c == '.' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1])))
            {
                tokens.Add(new CelToken(CelTokenKind.Literal, "", Number(source, ref at), start));
            }
            else if (StringStart(source, at) is { } prefix)
            {
                tokens.Add(new CelToken(CelTokenKind.Literal, "", String(source, prefix, ref at), start));
            }
            else if (char.IsAsciiLetter(c) || c == '_')
            {
                while (at < source.Length && (char.IsAsciiLetterOrDigit(source[at]) || source[at] == '_'))
                {
                    at++;
                }

                tokens.Add(Word(source[start..at], start));
            }
            else if (Array.Find(Operators, o => string.CompareOrdinal(source, start, o, 0, o.Length) == 0) is { } op)
            {
                at += op.Length;
                tokens.Add(new CelToken(CelTokenKind.Operator, op, null, start));
            }
            else
            {
                throw new CelException($"Syntax error: token recognition error at: '{c}'", start);
            }
        }
    }

    private static CelToken Word(string word, int position) => word switch
    {
        "true" => new CelToken(CelTokenKind.Literal, word, true, position),
        "false" => new CelToken(CelTokenKind.Literal, word, false, position),
        "null" => new CelToken(CelTokenKind.Literal, word, null, position),
        "in" => new CelToken(CelTokenKind.Operator, word, null, position),
        _ => new CelToken(CelTokenKind.Identifier, word, null, position),
    };

    private static int SkipBlank(string source, int at)
    {
        while (at < source.Length)
        {
            if (char.IsWhiteSpace(source[at]))
            {
                at++;
            }
            else if (source[at] == '/' && at + 1 < source.Length && source[at + 1] == '/')
            {
                var end = source.IndexOf('\n', at);
                at = end < 0 ? source.Length : end;
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private static object Number(string source, ref int at)
    {
        var start = at;
        if (source[at] == '0' && at + 1 < source.Length && source[at + 1] is 'x' or 'X' && source[at] == '0')
        {
            at += 2;
            var digits = at;
            while (at < source.Length && char.IsAsciiHexDigit(source[at]))
            {
                at++;
            }

            if (!ulong.TryParse(source.AsSpan(digits, at - digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex))
            {
                throw new CelException("invalid int literal", start);
            }

            return Suffix(source, ref at) ? hex : (long)hex;
        }

        var real = false;
        while (at < source.Length)
        {
            var c = source[at];
            if (c == '.' && (at + 1 >= source.Length || !char.IsAsciiDigit(source[at + 1])))
            {
                break;
            }

            if (c is '.' or 'e' or 'E')
            {
                real = true;
                at += c != '.' && at + 1 < source.Length && source[at + 1] is '+' or '-' && c != '.' ? 2 : 1;
            }
            else if (char.IsAsciiDigit(c))
            {
                at++;
            }
            else
            {
                break;
            }
        }

        var text = source.AsSpan(start, at - start);
        if (real)
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw new CelException("invalid double literal", start);
        }

        if (!ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole))
        {
            throw new CelException("invalid int literal", start);
        }

        // The smallest int is written as a negated literal: keep it as it is for the parser.
        return Suffix(source, ref at) || whole > long.MaxValue ? whole : (long)whole;
    }

    private static bool Suffix(string source, ref int at)
    {
        if (at < source.Length && source[at] is 'u' or 'U')
        {
            at++;
            return true;
        }

        return false;
    }

    /// <returns>The length of the prefix letters of a string literal here, or null.</returns>
    private static int? StringStart(string source, int at)
    {
        var letters = 0;
        while (letters < 2 && at + letters < source.Length && source[at + letters] is 'r' or 'R' or 'b' or 'B')
        {
            letters++;
        }

        return at + letters < source.Length && source[at + letters] is '"' or '\'' ? letters : null;
    }

    private static object String(string source, int letters, ref int at)
    {
        var start = at;
        var prefix = source.Substring(at, letters).ToLowerInvariant();
        at += letters;
        var quote = source.Substring(at, 1);
        if (string.CompareOrdinal(source, at, quote + quote + quote, 0, 3) == 0)
        {
            quote += quote[0].ToString() + quote[0];
        }

        at += quote.Length;
        var text = new StringBuilder();
        while (string.CompareOrdinal(source, at, quote, 0, quote.Length) != 0)
        {
            if (at >= source.Length || (quote.Length == 1 && source[at] == '\n'))
            {
                throw new CelException($"Syntax error: token recognition error at: '{source[start..Math.Min(at, source.Length)]}'", start);
            }

            if (source[at] == '\\' && !prefix.Contains('r', StringComparison.Ordinal))
            {
                text.Append(Escape(source, ref at));
            }
            else
            {
                text.Append(source[at++]);
            }
        }

        at += quote.Length;
        return prefix.Contains('b', StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(text.ToString()) : text.ToString();
    }

    private static string Escape(string source, ref int at)
    {
        var c = at + 1 < source.Length ? source[at + 1] : '\0';
        at += 2;
        switch (c)
        {
            case 'n': return "\n";
            case 't': return "\t";
            case 'r': return "\r";
            case 'a': return "\a";
            case 'b': return "\b";
            case 'f': return "\f";
            case 'v': return "\v";
            case '\\' or '"' or '\'' or '`' or '?': return c.ToString();
            case 'x' or 'X': return Code(source, ref at, 2, 16);
            case 'u': return Code(source, ref at, 4, 16);
            case 'U': return Code(source, ref at, 8, 16);
            case >= '0' and <= '3':
                at--;
                return Code(source, ref at, 3, 8);
            default:
                throw new CelException($"Syntax error: token recognition error at: '\\{c}'", at - 2);
        }
    }

    private static string Code(string source, ref int at, int digits, int numberBase)
    {
        if (at + digits <= source.Length)
        {
            try
            {
                var code = Convert.ToInt32(source.Substring(at, digits), numberBase);
                at += digits;
                return char.ConvertFromUtf32(code);
            }
            catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
            {
                // Falls through to the error below.
            }
        }

        throw new CelException("invalid escape sequence", at);
    }
}
