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
        var body = ParseBody([end], out _);
        EndTag();
        return body;
    }

    private void EndTag() => tokens.Expect(TokenKind.EndStatement);

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
            case "macro":
                var macroName = tokens.ExpectName();
                var parameters = ParseParameters();
                EndTag();
                return [new Macro(macroName, parameters, ParseOutsideLoops("endmacro"))];
            case "call":
                return [ParseCallBlock()];
            case "filter":
                var filters = expressions.ParseFilterChain();
                EndTag();
                return [new FilterBlock(filters, ParseBlock("endfilter"))];
            case "with":
                return [ParseWith()];
            case "generation":
                // Marks the assistant's words for training; when prompting it is only its content.
                EndTag();
                return ParseBlock("endgeneration");
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

    private If ParseIf()
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        while (true)
        {
            var condition = expressions.ParseTuple();
            EndTag();
            branches.Add((condition, ParseBody(["elif", "else", "endif"], out var end)));
            if (end == "elif")
            {
                continue;
            }

            EndTag();
            return new If(branches, end == "else" ? ParseBlock("endif") : []);
        }
    }

    private For ParseFor()
    {
        var targets = ParseTargets();
        if (!tokens.AcceptName("in"))
        {
            throw tokens.Error("expected 'in'");
        }

        var items = expressions.ParseTuple(withCondition: false);
        var condition = tokens.AcceptName("if") ? expressions.Parse() : null;
        var recursive = tokens.AcceptName("recursive");
        EndTag();
        loops++;
        var body = ParseBody(["else", "endfor"], out var end);
        loops--;
        EndTag();
        return new For(targets, items, condition, body, end == "else" ? ParseBlock("endfor") : [], recursive);
    }

    private List<string> ParseTargets()
    {
        var bracket = tokens.AcceptOperator("(");
        var targets = new List<string> { tokens.ExpectName() };
        while (tokens.AcceptOperator(","))
        {
            targets.Add(tokens.ExpectName());
        }

        if (bracket)
        {
            tokens.ExpectOperator(")");
        }

        return targets;
    }

    private Statement ParseSet()
    {
        var targets = ParseTargets();
        if (targets.Count == 1 && tokens.AcceptOperator("."))
        {
            var attribute = tokens.ExpectName();
            tokens.ExpectOperator("=");
            var assigned = expressions.ParseTuple();
            EndTag();
            return new SetAttribute(targets[0], attribute, assigned);
        }

        if (tokens.AcceptOperator("="))
        {
            var value = expressions.ParseTuple();
            EndTag();
            return new Set(targets, value);
        }

        var filters = tokens.AcceptOperator("|") ? expressions.ParseFilterChain() : [];
        EndTag();
        return targets.Count == 1 ? new SetBlock(targets[0], filters, ParseBlock("endset")) : throw tokens.Error("a block sets one name");
    }

    private List<(string Name, Expression? Default)> ParseParameters()
    {
        var parameters = new List<(string, Expression?)>();
        tokens.ExpectOperator("(");
        while (!tokens.AcceptOperator(")"))
        {
            if (parameters.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            var name = tokens.ExpectName();
            parameters.Add((name, tokens.AcceptOperator("=") ? expressions.Parse() : null));
        }

        return parameters;
    }

    private CallBlock ParseCallBlock()
    {
        var parameters = tokens.IsOperator("(") ? ParseParameters() : [];
        if (expressions.Parse() is not Call call)
        {
            throw tokens.Error("a call block needs a call");
        }

        EndTag();
        return new CallBlock(parameters, call, ParseOutsideLoops("endcall"));
    }

    private With ParseWith()
    {
        var variables = new List<(string, Expression)>();
        while (tokens.Current.Kind != TokenKind.EndStatement)
        {
            if (variables.Count > 0)
            {
                tokens.ExpectOperator(",");
            }

            var name = tokens.ExpectName();
            tokens.ExpectOperator("=");
            variables.Add((name, expressions.Parse()));
        }

        EndTag();
        return new With(variables, ParseBlock("endwith"));
    }

    /// <summary>The body of a macro: a jump in it cannot leave a loop around it.</summary>
    private List<Statement> ParseOutsideLoops(string end)
    {
        var saved = loops;
        loops = 0;
        var body = ParseBlock(end);
        loops = saved;
        return body;
    }
}
