namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Statements. What reads other templates (include, import, extends, block) is refused by name.</summary>
internal sealed class TemplateParser
{
    private const int MaxDepth = 100;

    private readonly TokenReader tokens;
    private readonly ExpressionParser expressions;
    private int depth;
    private int loops;

    private TemplateParser(TokenReader tokens)
    {
        this.tokens = tokens;
        expressions = new ExpressionParser(tokens);
    }

    /// <exception cref="TemplateException">Its fault is Syntax.</exception>
    public static IReadOnlyList<Statement> Parse(string source)
        => new TemplateParser(new TokenReader(TemplateLexer.Tokenize(source))).ParseBody([], out _);

    /// <summary>Statements up to a tag with one of these names (whose name is read) or, with none, to the end.</summary>
    private List<Statement> ParseBody(ReadOnlySpan<string> ends, out string end)
    {
        if (++depth > MaxDepth)
        {
            throw tokens.Error("blocks are nested too deeply");
        }

        var body = new List<Statement>();
        while (true)
        {
            var token = tokens.Read();
            switch (token.Kind)
            {
                case TokenKind.Text:
                    body.Add(new TextOutput(token.Text));
                    break;
                case TokenKind.BeginOutput:
                    body.Add(new ExpressionOutput(expressions.ParseTuple()));
                    tokens.Expect(TokenKind.EndOutput);
                    break;
                case TokenKind.BeginStatement:
                    var name = tokens.ExpectName();
                    if (ends.Contains(name))
                    {
                        depth--;
                        end = name;
                        return body;
                    }

                    body.AddRange(ParseStatement(name));
                    break;
                case TokenKind.End when ends.Length == 0:
                    depth--;
                    end = "";
                    return body;
                default:
                    throw tokens.Error(token.Kind == TokenKind.End ? $"the template ends before '{ends[^1]}'" : $"unexpected '{token.Text}'");
            }
        }
    }

    private List<Statement> ParseBlock(string end)
    {
        EndHead();
        var body = ParseBody([end], out _);
        EndTag();
        return body;
    }

    private void EndTag() => tokens.Expect(TokenKind.EndStatement);

    /// <summary>The head of a block may end with a colon, as in Python.</summary>
    private void EndHead()
    {
        tokens.AcceptOperator(":");
        EndTag();
    }

    private IReadOnlyList<Statement> ParseStatement(string name)
    {
        switch (name)
        {
            case "if":
                return [ParseIf()];
            case "for":
                return [ParseFor()];
            case "set":
                return [ParseSet()];
            case "print":
                return ParsePrint();
            case "macro":
                var macroName = tokens.ExpectName();
                return [new Macro(macroName, ParseSignature(ParseParameters(), "endmacro"))];
            case "call":
                return [ParseCallBlock()];
            case "filter":
                var filters = expressions.ParseFilterChain();
                return [new FilterBlock(filters, Inside(() => ParseBlock("endfilter")))];
            case "with":
                return [ParseWith()];
            case "generation":
                // Marks the assistant's words for training; when prompting it is only its content.
                return [new Generation(ParseSignature([], "endgeneration").Body)];
            case "break" or "continue":
                if (loops == 0)
                {
                    throw tokens.Error($"'{name}' outside a loop");
                }

                EndTag();
                return [new Jump(name == "continue")];
            default:
                throw tokens.Error($"the tag '{name}' is not supported");
        }
    }

    /// <summary>What Jinja compiles as a frame of its own: an if around it does not defer its errors.</summary>
    private T Inside<T>(Func<T> parse)
    {
        var saved = expressions.InCondition;
        expressions.InCondition = false;
        var result = parse();
        expressions.InCondition = saved;
        return result;
    }

    private If ParseIf()
    {
        var saved = expressions.InCondition;
        expressions.InCondition = true;
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        while (true)
        {
            var condition = expressions.ParseTuple(withCondition: false);
            EndHead();
            branches.Add((condition, ParseBody(["elif", "else", "endif"], out var end)));
            if (end == "elif")
            {
                continue;
            }

            IReadOnlyList<Statement> otherwise = [];
            if (end == "else")
            {
                otherwise = ParseBlock("endif");
            }
            else
            {
                EndTag();
            }

            expressions.InCondition = saved;
            return new If(branches, otherwise);
        }
    }

    private For ParseFor()
    {
        var target = expressions.ParseTarget(withAttributes: false, end: "in");
        if (!tokens.AcceptName("in"))
        {
            throw tokens.Error("expected 'in'");
        }

        if (Assigns(target, "loop"))
        {
            throw tokens.Error("'loop' cannot be the name of a loop's item");
        }

        var items = expressions.ParseTuple(withCondition: false, end: "recursive");
        var condition = tokens.AcceptName("if") ? Inside(() => expressions.Parse()) : null;
        var recursive = tokens.AcceptName("recursive");
        EndHead();
        loops++;
        var (body, end) = Inside(() => (ParseBody(["else", "endfor"], out var end), end));
        loops--;
        IReadOnlyList<Statement> otherwise = [];
        if (end == "else")
        {
            otherwise = Inside(() => ParseBlock("endfor"));
        }
        else
        {
            EndTag();
        }

        return new For(target, items, condition, body, otherwise, recursive);
    }

    private static bool Assigns(AssignmentTarget target, string name) => target switch
    {
        NameTarget single => single.Name == name,
        TupleTarget tuple => tuple.Items.Any(item => Assigns(item, name)),
        _ => false,
    };

    private Statement ParseSet()
    {
        var target = expressions.ParseTarget(withAttributes: true);
        if (loops > 0 && Assigns(target, "loop"))
        {
            throw tokens.Error("'loop' cannot be set in a loop");
        }

        if (tokens.AcceptOperator("="))
        {
            var value = expressions.ParseTuple();
            EndTag();
            return new Set(target, value);
        }

        var filters = tokens.AcceptOperator("|") ? expressions.ParseFilterChain() : [];
        return new SetBlock(target, filters, Inside(() => ParseBlock("endset")));
    }

    private List<Statement> ParsePrint()
    {
        var outputs = new List<Statement>();
        while (tokens.Current.Kind != TokenKind.EndStatement)
        {
            if (outputs.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            outputs.Add(new ExpressionOutput(expressions.Parse()));
        }

        EndTag();
        return outputs;
    }

    private List<Parameter> ParseParameters()
    {
        var parameters = new List<Parameter>();
        tokens.ExpectOperator("(");
        while (!tokens.AcceptOperator(")"))
        {
            if (parameters.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            var name = tokens.ExpectName();
            var otherwise = tokens.AcceptOperator("=") ? expressions.Parse() : null;
            if (name is "caller" or "varargs" or "kwargs" || parameters.Exists(p => p.Name == name) || (otherwise is null && parameters.Exists(p => p.Default is not null)))
            {
                throw tokens.Error($"the parameter '{name}' is not supported: it has a special name, is there twice, or follows one with a default");
            }

            parameters.Add(new Parameter(name, otherwise));
        }

        return parameters;
    }

    private CallBlock ParseCallBlock()
    {
        var parameters = tokens.IsOperator("(") ? ParseParameters() : [];
        return expressions.Parse() is Call call
            ? new CallBlock(call, ParseSignature(parameters, "endcall"))
            : throw tokens.Error("a call block needs a call");
    }

    private With ParseWith()
    {
        var variables = new List<(AssignmentTarget, Expression)>();
        while (tokens.Current.Kind != TokenKind.EndStatement && !tokens.IsOperator(":"))
        {
            if (variables.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            var target = expressions.ParseTarget(withAttributes: false);
            tokens.ExpectOperator("=");
            variables.Add((target, expressions.Parse()));
        }

        return new With(variables, Inside(() => ParseBlock("endwith")));
    }

    /// <summary>The body of a macro: a jump in it cannot leave a loop around it.</summary>
    private Signature ParseSignature(List<Parameter> parameters, string end)
    {
        var (savedLoops, savedRead) = (loops, expressions.Read);
        loops = 0;
        expressions.Read = new HashSet<string>(StringComparer.Ordinal);
        var body = Inside(() => ParseBlock(end));
        var specials = expressions.Read.Where(name => name is "caller" or "varargs" or "kwargs").ToHashSet(StringComparer.Ordinal);
        savedRead.UnionWith(expressions.Read);
        (loops, expressions.Read) = (savedLoops, savedRead);
        return new Signature(parameters, body, specials);
    }
}
