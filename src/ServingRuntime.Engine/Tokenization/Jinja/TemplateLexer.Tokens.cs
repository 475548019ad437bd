using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Single tokens within a tag: names, numbers, strings with Python's escapes, operators.</summary>
internal sealed partial class TemplateLexer
{
    private Token ReadToken()
    {
        var rest = source.AsSpan(position);
        var number = FloatLength(rest) is var real and > 0 ? (real, TokenKind.Float) : (IntegerLength(rest), TokenKind.Integer);
        if (number.Item1 > 0)
        {
            position += number.Item1;
            return new Token(number.Item2, rest[..number.Item1].ToString().Replace("_", "", StringComparison.Ordinal), line);
        }

        var first = source[position];
        if (first == '_' || IsWord(first))
        {
            var length = 1;
            while (length < rest.Length && (rest[length] == '_' || IsWord(rest[length])))
            {
                length++;
            }

            position += length;
            return char.IsDigit(first) ? throw Error("a name begins with a digit") : new Token(TokenKind.Name, rest[..length].ToString(), line);
        }

        if (first is '\'' or '"')
        {
            return new Token(TokenKind.String, ReadString(first), line);
        }

        var longer = rest.Length > 1 && LongOperators.Contains(rest[..2].ToString());
        position += longer ? 2 : 1;
        return longer || "+-*/%~()[]{}<>=.,:|".Contains(first, StringComparison.Ordinal)
            ? new Token(TokenKind.Operator, rest[..(longer ? 2 : 1)].ToString(), line)
            : throw Error($"an unexpected character '{first}'");
    }

    private static bool IsWord(char unit) => char.IsLetterOrDigit(unit) || char.GetUnicodeCategory(unit) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.LetterNumber;

    /// <summary>Digits with single underscores between them.</summary>
    private static int Digits(ReadOnlySpan<char> text, Func<char, bool> isDigit)
    {
        var length = 0;
        while (length < text.Length && (isDigit(text[length]) || (length > 0 && text[length] == '_' && length + 1 < text.Length && isDigit(text[length + 1]))))
        {
            length++;
        }

        return length;
    }

    private int FloatLength(ReadOnlySpan<char> text)
    {
        var length = Digits(text, char.IsAsciiDigit);
        if (length == 0 || (position > 0 && source[position - 1] == '.'))
        {
            return 0;
        }

        var fraction = length < text.Length && text[length] == '.' ? Digits(text[(length + 1)..], char.IsAsciiDigit) : 0;
        length += fraction > 0 ? fraction + 1 : 0;
        if (length < text.Length && text[length] is 'e' or 'E')
        {
            var sign = length + 1 < text.Length && text[length + 1] is '+' or '-' ? 1 : 0;
            var exponent = Digits(text[(length + 1 + sign)..], char.IsAsciiDigit);
            if (exponent > 0)
            {
                return length + 1 + sign + exponent;
            }
        }

        return fraction > 0 ? length : 0;
    }

    private static int IntegerLength(ReadOnlySpan<char> text)
    {
        if (text.Length > 1 && text[0] == '0' && char.ToLowerInvariant(text[1]) is 'x' or 'o' or 'b')
        {
            Func<char, bool> isDigit = char.ToLowerInvariant(text[1]) switch { 'x' => char.IsAsciiHexDigit, 'o' => c => c is >= '0' and <= '7', _ => c => c is '0' or '1' };
            var start = text.Length > 2 && text[2] == '_' ? 3 : 2;
            var digits = Digits(text[start..], isDigit);
            if (digits > 0)
            {
                return start + digits;
            }
        }

        return Digits(text, text[0] == '0' ? c => c == '0' : char.IsAsciiDigit);
    }

    /// <summary>A string with Python's escapes.</summary>
    private string ReadString(char quote)
    {
        var builder = new StringBuilder();
        for (position++; position < source.Length && source[position] != quote; position++)
        {
            line += source[position] == '\n' ? 1 : 0;
            if (source[position] != '\\' || position + 1 >= source.Length)
            {
                builder.Append(source[position]);
                continue;
            }

            var escape = source[++position];
            var at = "ntrbfav\\'\"".IndexOf(escape, StringComparison.Ordinal);
            _ = escape switch
            {
                _ when at >= 0 => builder.Append("\n\t\r\b\f\a\v\\'\""[at]),
                '\n' => builder,
                'x' => builder.Append(ReadHex(2)),
                'u' => builder.Append(ReadHex(4)),
                'U' => builder.Append(ReadHex(8)),
                'N' => throw Error("an escape by a character's name is not supported"),
                >= '0' and <= '7' => builder.Append(ReadOctal()),
                _ => builder.Append('\\').Append(escape),
            };
        }

        if (position >= source.Length)
        {
            throw Error("a string has no end");
        }

        position++;
        return builder.ToString();
    }

    private char ReadOctal()
    {
        var value = source[position] - '0';
        for (var digits = 1; digits < 3 && position + 1 < source.Length && source[position + 1] is >= '0' and <= '7'; digits++)
        {
            value = (value * 8) + source[++position] - '0';
        }

        return (char)value;
    }

    private string ReadHex(int digits)
    {
        if (position + digits >= source.Length
            || !int.TryParse(source.AsSpan(position + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value) || !Rune.IsValid(value))
        {
            throw Error("a malformed escape in a string, or half of a surrogate pair");
        }

        position += digits;
        return new Rune(value).ToString();
    }
}
