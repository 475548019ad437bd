using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;
using Octavo.ServingRuntime.Engine.StructuredOutput.Patterns;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Ebnf;

/// <summary>
/// Basic Lark: <c>start: "a" NUMBER (x | y)*</c>, terminals as rules, /expressions/, optional [parts], x~2..3, aliases (ignored), and a few of its common terminals.
/// %ignore is refused, because it lets any amount of ignored text in everywhere.
/// </summary>
internal sealed class LarkParser(string text, GrammarRules rules) : GrammarTextParser(text, rules)
{
    public GrammarNode Parse()
    {
        SkipLines();
        while (!AtEnd)
        {
            if (Accept("%"))
            {
                ParseDirective();
            }
            else
            {
                ParseRule();
            }

            SkipLines();
        }

        return Finish("start");
    }

    protected override void SkipBlanks()
    {
        while (!AtEnd)
        {
            if (Current is ' ' or '\t' or '\r')
            {
                Position++;
            }
            else if (string.CompareOrdinal(Text, Position, "//", 0, 2) == 0)
            {
                var end = Text.IndexOf('\n', Position);
                Position = end < 0 ? Text.Length : end;
            }
            else
            {
                return;
            }
        }
    }

    protected override GrammarNode? ParseAtom(int depth)
    {
        switch (Current)
        {
            case '"' or '\'':
                return ParseText();
            case '/':
                return ParseExpression();
            case '(':
                Position++;
                return ParseGroup(depth, ")");
            case '[':
                Position++;
                return GrammarNode.Optional(ParseGroup(depth, "]"));
            case '|' or ')' or ']' or '\n' or '-':
                return null;
        }

        var name = TryReadName() ?? throw Error($"'{Current}' is not expected here");
        return Current2() == '{' ? throw Error("a template is not supported") : new GrammarNode.Rule(Reference(name));
    }

    protected override (int Min, int? Max)? ParseOwnRepetition()
    {
        if (!Accept("~"))
        {
            return null;
        }

        SkipBlanks();
        var min = ReadNumber();
        SkipBlanks();
        var max = min;
        if (Accept(".."))
        {
            SkipBlanks();
            max = ReadNumber();
        }

        return (min, max);
    }

    protected override void SkipAlias()
    {
        SkipBlanks();
        if (Accept("->"))
        {
            SkipBlanks();
            _ = TryReadName() ?? throw Error("an alias is expected");
        }
    }

    /// <summary>Alternatives go on behind a line break where the next line begins with a bar.</summary>
    protected override bool AcceptBar()
    {
        var before = Position;
        SkipLines();
        if (Accept("|"))
        {
            return true;
        }

        Position = before;
        return false;
    }

    private char Current2() => AtEnd ? '\0' : Current;

    private void SkipLines()
    {
        SkipBlanks();
        while (!AtEnd && Current == '\n')
        {
            Position++;
            SkipBlanks();
        }
    }

    private void ParseRule()
    {
        _ = Accept("?") || Accept("!");
        var name = TryReadName() ?? throw Error("a rule's name is expected");
        var at = name.IndexOf('.', StringComparison.Ordinal);
        SkipBlanks();
        Expect(":");
        Define(at > 0 ? name[..at] : name, ParseAlternatives(0));
        SkipBlanks();
        if (!AtEnd && Current != '\n')
        {
            throw Error($"'{Current}' is not expected here");
        }
    }

    private GrammarNode ParseGroup(int depth, string close)
    {
        SkipLines();
        var group = ParseAlternatives(depth + 1);
        SkipLines();
        Expect(close);
        return group;
    }

    private GrammarNode ParseText()
    {
        var start = Position;
        var literal = ParseLiteral();
        if (Accept("i"))
        {
            var pattern = System.Text.RegularExpressions.Regex.Escape(System.Text.Encoding.UTF8.GetString(((GrammarNode.Literal)literal).Bytes));
            return RegexParser.ParseFullMatch("(?i)" + pattern.Replace("\\ ", " ", StringComparison.Ordinal).Replace("\\#", "#", StringComparison.Ordinal), Rules.Budget);
        }

        SkipBlanks();
        if (!Accept(".."))
        {
            return literal;
        }

        SkipBlanks();
        var last = AtEnd || Current is not ('"' or '\'') ? throw Error("a literal is expected") : (GrammarNode.Literal)ParseLiteral();
        return (GrammarNode.Literal)literal is { Bytes: [var first] } && last is { Bytes: [var final] } && first <= final
            ? GrammarNode.Set((first, final))
            : throw Error($"the range at {start} is not one of single characters in order");
    }

    private GrammarNode ParseExpression()
    {
        var start = ++Position;
        while (!AtEnd && Current is not ('/' or '\n'))
        {
            Position += Current == '\\' ? 2 : 1;
        }

        if (AtEnd || Current != '/')
        {
            throw Error("an unfinished expression");
        }

        var pattern = Text[start..Position++].Replace("\\/", "/", StringComparison.Ordinal);
        while (!AtEnd && Current is 'i' or 's')
        {
            pattern = $"(?{Current}){pattern}";
            Position++;
        }

        return RegexParser.ParseFullMatch(pattern, Rules.Budget);
    }

    private void ParseDirective()
    {
        var directive = TryReadName();
        if (directive != "import")
        {
            throw Error($"%{directive} is not supported");
        }

        SkipBlanks();
        var path = TryReadName() ?? throw Error("a terminal to import is expected");
        SkipBlanks();
        var names = Accept("(") ? ParseNames() : [path[(path.LastIndexOf('.') + 1)..]];
        if (!path.StartsWith("common", StringComparison.Ordinal))
        {
            throw Error($"only terminals of 'common' can be imported, not {path}");
        }

        SkipBlanks();
        var alias = names[0];
        if (Accept("->"))
        {
            SkipBlanks();
            alias = TryReadName() ?? throw Error("a name is expected");
        }

        foreach (var name in names)
        {
            Define(names.Count == 1 ? alias : name, RegexParser.ParseFullMatch(CommonTerminal(name), Rules.Budget));
        }
    }

    private List<string> ParseNames()
    {
        var names = new List<string>();
        do
        {
            SkipBlanks();
            names.Add(TryReadName() ?? throw Error("a terminal to import is expected"));
            SkipBlanks();
        }
        while (Accept(","));
        Expect(")");
        return names;
    }

    private string CommonTerminal(string name) => name switch
    {
        "DIGIT" => "[0-9]",
        "HEXDIGIT" => "[0-9a-fA-F]",
        "INT" => "[0-9]+",
        "SIGNED_INT" => "[+-]?[0-9]+",
        "DECIMAL" => "[0-9]+\\.[0-9]*|\\.[0-9]+",
        "FLOAT" => "[0-9]+[eE][+-]?[0-9]+|([0-9]+\\.[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?",
        "NUMBER" => "[0-9]+([eE][+-]?[0-9]+)?|([0-9]+\\.[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?",
        "SIGNED_NUMBER" => "[+-]?([0-9]+([eE][+-]?[0-9]+)?|([0-9]+\\.[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?)",
        "ESCAPED_STRING" => "\"([^\"\\\\\\n]|\\\\.)*\"",
        "LCASE_LETTER" => "[a-z]",
        "UCASE_LETTER" => "[A-Z]",
        "LETTER" => "[A-Za-z]",
        "WORD" => "[A-Za-z]+",
        "CNAME" => "[A-Za-z_][A-Za-z_0-9]*",
        "WS_INLINE" => "[ \\t]+",
        "WS" => "[ \\t\\f\\r\\n]+",
        "CR" => "\\r",
        "LF" => "\\n",
        "NEWLINE" => "(\\r?\\n)+",
        _ => throw Error($"the common terminal {name} is not supported"),
    };
}
