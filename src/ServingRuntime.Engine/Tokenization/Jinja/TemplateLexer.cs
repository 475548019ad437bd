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
internal sealed partial class TemplateLexer
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
