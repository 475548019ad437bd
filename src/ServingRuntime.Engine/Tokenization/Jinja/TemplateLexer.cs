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
                    text = text.TrimEnd();
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
        return (lineStart > 0 || lineStarting) && text.AsSpan(lineStart).IsWhiteSpace() ? text[..lineStart] : text;
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
        var depth = 0;
        while (true)
        {
            SkipSpace();
            if (position >= source.Length)
            {
                throw Error("a tag has no end");
            }

            var control = source[position] is '-' or '+' ? 1 : 0;
            if (depth == 0 && position + control + 1 < source.Length && source[position + control] == closer && source[position + control + 1] == '}')
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
            depth += token switch { { Kind: TokenKind.Operator, Text: "(" or "[" or "{" } => 1, { Kind: TokenKind.Operator, Text: ")" or "]" or "}" } => -1, _ => 0 };
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

    private bool TryReadRaw()
    {
        var at = position;
        while (at < source.Length && char.IsWhiteSpace(source[at]))
        {
            at++;
        }

        if (string.CompareOrdinal(source, at, "raw", 0, 3) != 0)
        {
            return false;
        }

        at += 3;
        while (at < source.Length && char.IsWhiteSpace(source[at]))
        {
            at++;
        }

        var sign = at < source.Length && source[at] is '-' or '+' ? source[at++] : '\0';
        if (string.CompareOrdinal(source, at, "%}", 0, 2) != 0)
        {
            return false;
        }

        position = at + 2;
        AfterBlock(sign);
        for (var tag = source.IndexOf("{%", position, StringComparison.Ordinal); tag >= 0; tag = source.IndexOf("{%", tag + 2, StringComparison.Ordinal))
        {
            var close = source.IndexOf("%}", tag, StringComparison.Ordinal);
            if (close < 0 || source[(tag + 2)..close].Trim(' ', '\t', '\n', '-', '+') != "endraw")
            {
                continue;
            }

            var text = source[position..tag];
            text = source[tag + 2] switch { '-' => text.TrimEnd(), '+' => text, _ => StripLine(text, lineStarting: false) };
            tokens.Add(new Token(TokenKind.Text, text, line));
            line += Lines(position, close);
            var closing = source[close - 1];
            position = close + 2;
            AfterBlock(closing);
            return true;
        }

        throw Error("a raw block has no end");
    }

    private Token ReadToken()
    {
        var start = position;
        var first = source[position];
        if (char.IsAsciiLetter(first) || first == '_')
        {
            while (position < source.Length && (char.IsAsciiLetterOrDigit(source[position]) || source[position] == '_'))
            {
                position++;
            }

            return new Token(TokenKind.Name, source[start..position], line);
        }

        if (char.IsAsciiDigit(first))
        {
            return ReadNumber();
        }

        if (first is '\'' or '"')
        {
            return new Token(TokenKind.String, ReadString(first), line);
        }

        foreach (var candidate in LongOperators)
        {
            if (string.CompareOrdinal(source, position, candidate, 0, 2) == 0)
            {
                position += 2;
                return new Token(TokenKind.Operator, candidate, line);
            }
        }

        if (!"+-*/%~()[]{}<>=.,:|".Contains(first, StringComparison.Ordinal))
        {
            throw Error($"an unexpected character '{first}'");
        }

        position++;
        return new Token(TokenKind.Operator, first.ToString(), line);
    }

    private Token ReadNumber()
    {
        var start = position;
        var isFloat = false;
        while (position < source.Length && (char.IsAsciiDigit(source[position]) || source[position] == '_'))
        {
            position++;
        }

        if (position + 1 < source.Length && source[position] == '.' && char.IsAsciiDigit(source[position + 1]))
        {
            isFloat = true;
            position++;
            while (position < source.Length && char.IsAsciiDigit(source[position]))
            {
                position++;
            }
        }

        if (position < source.Length && source[position] is 'e' or 'E')
        {
            isFloat = true;
            position++;
            while (position < source.Length && (char.IsAsciiDigit(source[position]) || source[position] is '+' or '-'))
            {
                position++;
            }
        }

        return new Token(isFloat ? TokenKind.Float : TokenKind.Integer, source[start..position].Replace("_", "", StringComparison.Ordinal), line);
    }

    private string ReadString(char quote)
    {
        var builder = new StringBuilder();
        for (position++; position < source.Length && source[position] != quote; position++)
        {
            if (source[position] == '\n')
            {
                line++;
            }

            if (source[position] != '\\' || position + 1 >= source.Length)
            {
                builder.Append(source[position]);
                continue;
            }

            position++;
            switch (source[position])
            {
                case 'n' or 't' or 'r' or 'b' or 'f':
                    builder.Append("\n\t\r\b\f"["ntrbf".IndexOf(source[position], StringComparison.Ordinal)]);
                    break;
                case '\n':
                    break;
                case 'x':
                    builder.Append(ReadHex(2));
                    break;
                case 'u':
                    builder.Append(ReadHex(4));
                    break;
                case 'U':
                    builder.Append(ReadHex(8));
                    break;
                case '\\' or '\'' or '"':
                    builder.Append(source[position]);
                    break;
                default:
                    builder.Append('\\').Append(source[position]);
                    break;
            }
        }

        if (position >= source.Length)
        {
            throw Error("a string has no end");
        }

        position++;
        return builder.ToString();
    }

    private string ReadHex(int digits)
    {
        if (position + digits >= source.Length
            || !int.TryParse(source.AsSpan(position + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value) || value > 0x10FFFF)
        {
            throw Error("a malformed escape in a string");
        }

        position += digits;
        return value is >= 0xD800 and < 0xE000 ? ((char)value).ToString() : char.ConvertFromUtf32(value);
    }

    private void SkipSpace()
    {
        while (position < source.Length && char.IsWhiteSpace(source[position]))
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
