using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

internal enum TokenKind
{
    Text,
    BeginOutput,
    EndOutput,
    BeginStatement,
    EndStatement,
    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <param name="Kind">What it is.</param>
/// <param name="Text">The text, name, operator, or unescaped string.</param>
/// <param name="Line">From 1, for messages.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line);

/// <summary>Cuts a template into tokens, with trim_blocks and lstrip_blocks on, as transformers sets them, and one trailing newline dropped, as Jinja does.</summary>
internal sealed class TemplateLexer
{
    private static readonly string[] LongOperators = ["**", "//", "==", "!=", "<=", ">="];

    private readonly string source;
    private readonly List<Token> tokens = [];
    private int position;
    private int line = 1;

    private TemplateLexer(string source)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        this.source = text.EndsWith('\n') ? text[..^1] : text;
    }

    public static List<Token> Tokenize(string source)
    {
        var lexer = new TemplateLexer(source);
        lexer.Run();
        return lexer.tokens;
    }

    private void Run()
    {
        var lineStarting = true;
        while (position < source.Length)
        {
            var tag = NextTag();
            var text = source[position..tag];
            var strip = false;
            if (tag < source.Length)
            {
                var control = tag + 2 < source.Length ? source[tag + 2] : '\0';
                strip = control == '-';
                if (strip)
                {
                    text = PythonText.Strip(text, null, left: false);
                }
                else if (control != '+' && source[tag + 1] != '{')
                {
                    text = StripLine(text, lineStarting);
                }

                line += Lines(position, tag);
                position = tag + 2 + (control is '-' or '+' ? 1 : 0);
            }
            else
            {
                position = tag;
            }

            if (text.Length > 0)
            {
                tokens.Add(new Token(TokenKind.Text, text, line));
            }

            if (tag < source.Length)
            {
                ReadTag(source[tag + 1]);
                lineStarting = position > 0 && source[position - 1] == '\n';
            }
        }

        tokens.Add(new Token(TokenKind.End, "", line));
    }

    private int NextTag()
    {
        for (var at = position; at + 1 < source.Length; at++)
        {
            if (source[at] == '{' && source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }

        return source.Length;
    }

    /// <summary>Drops the white space between the beginning of the line and a block tag.</summary>
    private static string StripLine(string text, bool lineStarting)
    {
        var lineStart = text.LastIndexOf('\n') + 1;
        return (lineStart > 0 || lineStarting) && PythonText.IsSpace(text.AsSpan(lineStart)) ? text[..lineStart] : text;
    }

    private void ReadTag(char kind)
    {
        if (kind == '#')
        {
            var end = source.IndexOf("#}", position, StringComparison.Ordinal);
            if (end < 0)
            {
                throw Error("a comment has no end");
            }

            line += Lines(position, end);
            var control = end > position ? source[end - 1] : '\0';
            position = end + 2;
            AfterBlock(control);
            return;
        }

        if (kind == '%' && TryReadRaw())
        {
            return;
        }

        tokens.Add(new Token(kind == '{' ? TokenKind.BeginOutput : TokenKind.BeginStatement, "", line));
        ReadExpression(kind == '{' ? '}' : '%');
    }

    private void ReadExpression(char closer)
    {
        var open = new Stack<string>();
        while (true)
        {
            SkipSpace();
            if (position >= source.Length)
            {
                throw Error("a tag has no end");
            }

            var control = source[position] == '-' || (source[position] == '+' && closer == '%') ? 1 : 0;
            if (open.Count == 0 && position + control + 1 < source.Length && source[position + control] == closer && source[position + control + 1] == '}')
            {
                var sign = control == 1 ? source[position] : '\0';
                position += control + 2;
                tokens.Add(new Token(closer == '}' ? TokenKind.EndOutput : TokenKind.EndStatement, "", line));
                if (closer == '%')
                {
                    AfterBlock(sign);
                }
                else if (sign == '-')
                {
                    SkipSpace();
                }

                return;
            }

            var token = ReadToken();
            if (token is { Kind: TokenKind.Operator, Text: "(" or "[" or "{" })
            {
                open.Push(token.Text switch { "(" => ")", "[" => "]", _ => "}" });
            }
            else if (token is { Kind: TokenKind.Operator, Text: ")" or "]" or "}" } && (!open.TryPop(out var expected) || expected != token.Text))
            {
                throw Error($"unexpected '{token.Text}'");
            }

            tokens.Add(token);
        }
    }

    /// <summary>trim_blocks: the newline after a block goes; with '-' all white space goes, with '+' nothing.</summary>
    private void AfterBlock(char control)
    {
        if (control == '-')
        {
            SkipSpace();
        }
        else if (control != '+' && position < source.Length && source[position] == '\n')
        {
            position++;
            line++;
        }
    }

    /// <summary>The newline behind {% raw %} stays, the one behind {% endraw %} goes.</summary>
    private bool TryReadRaw()
    {
        var at = AfterSpace(position);
        if (string.CompareOrdinal(source, at, "raw", 0, 3) != 0)
        {
            return false;
        }

        at = AfterSpace(at + 3);
        var strips = at < source.Length && source[at] == '-';
        at += strips ? 1 : 0;
        if (string.CompareOrdinal(source, at, "%}", 0, 2) != 0)
        {
            return false;
        }

        line += Lines(position, at);
        position = at + 2;
        if (strips)
        {
            SkipSpace();
        }

        for (var tag = source.IndexOf("{%", position, StringComparison.Ordinal); tag >= 0; tag = source.IndexOf("{%", tag + 1, StringComparison.Ordinal))
        {
            var sign = tag + 2 < source.Length && source[tag + 2] is '-' or '+' ? source[tag + 2] : '\0';
            var name = AfterSpace(tag + (sign == '\0' ? 2 : 3));
            if (string.CompareOrdinal(source, name, "endraw", 0, 6) != 0)
            {
                continue;
            }

            var close = AfterSpace(name + 6);
            var closing = close < source.Length && source[close] is '-' or '+' ? source[close] : '\0';
            close += closing == '\0' ? 0 : 1;
            if (string.CompareOrdinal(source, close, "%}", 0, 2) != 0)
            {
                continue;
            }

            var text = source[position..tag];
            text = sign switch { '-' => PythonText.Strip(text, null, left: false), '+' => text, _ => StripLine(text, lineStarting: position > 0 && source[position - 1] == '\n') };
            tokens.Add(new Token(TokenKind.Text, text, line));
            line += Lines(position, close);
            position = close + 2;
            AfterBlock(closing);
            return true;
        }

        throw Error("a raw block has no end");
    }

    private int AfterSpace(int at)
    {
        while (at < source.Length && PythonText.IsSpace(source[at]))
        {
            at++;
        }

        return at;
    }

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

    private void SkipSpace()
    {
        while (position < source.Length && PythonText.IsSpace(source[position]))
        {
            if (source[position] == '\n')
            {
                line++;
            }

            position++;
        }
    }

    private int Lines(int from, int to) => source.AsSpan(from, to - from).Count('\n');

    private TemplateException Error(string what) => new(TemplateFault.Syntax, $"chat template, line {line}: {what}");
}
