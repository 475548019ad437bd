using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Expressions, in Jinja's order of precedence: inline if, or, and, not, comparisons, + -, ~, * / // %, **, unary, postfix, filters and tests.</summary>
internal sealed partial class ExpressionParser(TokenReader tokens)
{
    private const int MaxDepth = 200;

    /// <summary>Operators, filters and members in one row; each is a level of evaluation.</summary>
    private const int MaxRow = 1000;

    private readonly List<TemplateException> unknown = [];
    private int depth;
    private int row;

    /// <summary>Names that expressions have read, for what a macro asks of its call.</summary>
    public HashSet<string> Read { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Directly in an if statement: there Jinja refuses an unknown filter or test only when it runs.</summary>
    public bool InCondition { get; set; }

    /// <param name="withCondition">Whether "a if b" belongs to the expression (not in the head of a for or if).</param>
    public Expression Parse(bool withCondition = true)
    {
        if (++depth > MaxDepth)
        {
            throw tokens.Error("the expression is nested too deeply");
        }

        row = depth == 1 ? 0 : row;
        var before = unknown.Count;
        var value = ParseOr();
        while (withCondition && tokens.AcceptName("if"))
        {
            var condition = ParseOr();
            value = InRow(new Conditional(condition, value, tokens.AcceptName("else") ? Parse() : null));
            unknown.RemoveRange(before, unknown.Count - before);
        }

        if (--depth == 0)
        {
            Check();
        }

        return value;
    }

    /// <summary>An expression or, without brackets, a tuple.</summary>
    /// <param name="withCondition">As for <see cref="Parse"/>.</param>
    /// <param name="end">A name that ends it.</param>
    /// <param name="inBrackets">Whether it may be empty.</param>
    public Expression ParseTuple(bool withCondition = true, string? end = null, bool inBrackets = false)
    {
        var items = new List<Expression>();
        while (tokens.Current.Kind is not (TokenKind.EndStatement or TokenKind.EndOutput) && !tokens.IsOperator(")") && (end is null || !tokens.IsName(end)))
        {
            items.Add(Parse(withCondition));
            if (!tokens.AcceptOperator(","))
            {
                return items.Count == 1 ? items[0] : new TupleLiteral(items);
            }
        }

        return items.Count > 0 || inBrackets ? new TupleLiteral(items) : throw tokens.Error("the expression is unfinished");
    }

    /// <param name="withAttributes">Whether a namespace's attribute may be set.</param>
    /// <param name="end">A name that ends it.</param>
    public AssignmentTarget ParseTarget(bool withAttributes, string? end = null)
    {
        var items = new List<AssignmentTarget>();
        while (tokens.Current.Kind != TokenKind.EndStatement && !tokens.IsOperator(")") && (end is null || !tokens.IsName(end)))
        {
            items.Add(ParseOneTarget(withAttributes));
            if (!tokens.AcceptOperator(","))
            {
                return items.Count == 1 ? items[0] : new TupleTarget(items);
            }
        }

        return items.Count > 0 ? new TupleTarget(items) : throw tokens.Error("a name to assign to is missing");
    }

    public ArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? more = null;
        Expression? moreNamed = null;
        for (var first = true; !tokens.AcceptOperator(")"); first = false)
        {
            if (!first)
            {
                tokens.ExpectOperator(",");
                if (tokens.AcceptOperator(")"))
                {
                    break;
                }
            }

            if (moreNamed is not null || (more is not null && !tokens.IsOperator("**") && !tokens.IsNamedArgument()))
            {
                throw tokens.Error("an argument follows an unpacked one");
            }

            if (tokens.AcceptOperator("*"))
            {
                more = Parse();
            }
            else if (tokens.AcceptOperator("**"))
            {
                moreNamed = Parse();
            }
            else if (tokens.IsNamedArgument())
            {
                var name = tokens.ExpectName();
                tokens.ExpectOperator("=");
                named.Add(named.Exists(n => n.Item1 == name) ? throw tokens.Error($"the argument '{name}' is given twice") : (name, Parse()));
            }
            else
            {
                positional.Add(named.Count > 0 ? throw tokens.Error("a positional argument follows a named one") : Parse());
            }
        }

        return new ArgumentList(positional, named, more, moreNamed);
    }

    /// <summary>The chain of filters of a filter block or block set; what announces the first name has been read.</summary>
    public List<(string Name, ArgumentList Arguments)> ParseFilterChain()
    {
        var filters = new List<(string, ArgumentList)>();
        do
        {
            filters.Add((ExpectKnown("filter", TemplateFilters.Names), tokens.IsOperator("(") ? ParseArguments() : ArgumentList.Empty));
        }
        while (tokens.AcceptOperator("|"));
        Check();
        return filters;
    }

    private void Check()
    {
        if (unknown.Count > 0 && !InCondition)
        {
            throw unknown[0];
        }

        unknown.Clear();
    }

    private T InRow<T>(T node)
        where T : Expression
        => ++row <= MaxRow ? node : throw tokens.Error("the expression is too long");

    private AssignmentTarget ParseOneTarget(bool withAttributes)
    {
        if (++depth > MaxDepth)
        {
            throw tokens.Error("the names are nested too deeply");
        }

        AssignmentTarget target;
        if (tokens.AcceptOperator("("))
        {
            target = ParseTarget(withAttributes);
            tokens.ExpectOperator(")");
        }
        else
        {
            var name = tokens.ExpectName();
            target = name is "true" or "false" or "True" or "False" or "none" or "None" ? throw tokens.Error($"'{name}' cannot be assigned to")
                : withAttributes && tokens.AcceptOperator(".") ? new AttributeTarget(name, tokens.ExpectName())
                : new NameTarget(name);
        }

        depth--;
        return target;
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Read();
        switch (token.Kind)
        {
            case TokenKind.Name:
                Read.Add(token.Text);
                return token.Text switch
                {
                    "true" or "True" => new Literal(true),
                    "false" or "False" => new Literal(false),
                    "none" or "None" => new Literal(null),
                    _ => new Variable(token.Text),
                };
            case TokenKind.String:
                var text = token.Text;
                while (tokens.Current.Kind == TokenKind.String)
                {
                    text += tokens.Read().Text;
                }

                return new Literal(text);
            case TokenKind.Integer:
                return new Literal(PythonNumber.TryParseInteger(token.Text, 0, out var integer) ? integer : throw tokens.Error($"the number {token.Text} is too large or malformed"));
            case TokenKind.Float:
                return new Literal(double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Text == "(":
                var inner = ParseTuple(inBrackets: true);
                tokens.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return ParseList();
            case TokenKind.Operator when token.Text == "{":
                return ParseDictionary();
            default:
                throw tokens.Error(token.Kind is TokenKind.End or TokenKind.EndOutput or TokenKind.EndStatement
                    ? "the expression is unfinished"
                    : $"unexpected '{token.Text}'");
        }
    }

    private ListLiteral ParseList()
    {
        var items = new List<Expression>();
        while (!tokens.AcceptOperator("]"))
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.AcceptOperator("]"))
                {
                    break;
                }
            }

            items.Add(Parse());
        }

        return new ListLiteral(items);
    }

    private DictionaryLiteral ParseDictionary()
    {
        var items = new List<(Expression, Expression)>();
        while (!tokens.AcceptOperator("}"))
        {
            if (items.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.AcceptOperator("}"))
                {
                    break;
                }
            }

            var key = Parse();
            tokens.ExpectOperator(":");
            items.Add((key, Parse()));
        }

        return new DictionaryLiteral(items);
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            if (tokens.AcceptOperator("."))
            {
                value = InRow<Expression>(tokens.Current.Kind == TokenKind.Integer
                    ? new GetItem(value, new Literal(PythonNumber.TryParseInteger(tokens.Read().Text, 0, out var index) ? index : throw tokens.Error("a malformed index")))
                    : new GetAttribute(value, tokens.ExpectName()));
            }
            else if (tokens.AcceptOperator("["))
            {
                value = InRow(ParseSubscript(value));
            }
            else if (tokens.IsOperator("("))
            {
                value = InRow(new Call(value, ParseArguments()));
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseSubscript(Expression target)
    {
        var items = new List<Expression>();
        for (var first = true; !tokens.AcceptOperator("]"); first = false)
        {
            if (!first)
            {
                tokens.ExpectOperator(",");
            }

            var start = tokens.IsOperator(":") ? null : Parse();
            if (!tokens.AcceptOperator(":"))
            {
                items.Add(start!);
                continue;
            }

            var stop = tokens.IsOperator(":") || tokens.IsOperator("]") ? null : Parse();
            var step = tokens.AcceptOperator(":") && !tokens.IsOperator("]") ? Parse() : null;
            tokens.ExpectOperator("]");
            return items.Count == 0 ? new Slice(target, start, stop, step) : throw tokens.Error("a slice in a tuple is not supported");
        }

        return new GetItem(target, items is [var single] ? single : new TupleLiteral(items));
    }

    private Expression ParseFilters(Expression value)
    {
        while (true)
        {
            if (tokens.AcceptOperator("|"))
            {
                value = InRow(new Filter(value, ExpectKnown("filter", TemplateFilters.Names), tokens.IsOperator("(") ? ParseArguments() : ArgumentList.Empty));
            }
            else if (tokens.AcceptName("is"))
            {
                var negated = tokens.AcceptName("not");
                var test = InRow(new Test(value, ExpectKnown("test", TemplateTests.Names), ParseTestArguments()));
                value = negated ? new Unary("not", test) : test;
            }
            else if (tokens.IsOperator("("))
            {
                value = InRow(new Call(value, ParseArguments()));
            }
            else
            {
                return value;
            }
        }
    }

    private string ExpectKnown(string kind, IReadOnlySet<string> known)
    {
        var name = tokens.ExpectName();
        while (tokens.AcceptOperator("."))
        {
            name += "." + tokens.ExpectName();
        }

        if (!known.Contains(name))
        {
            unknown.Add(tokens.Error($"the {kind} '{name}' is not supported"));
        }

        return name;
    }

    private ArgumentList ParseTestArguments()
    {
        if (tokens.IsOperator("("))
        {
            return ParseArguments();
        }

        var startsValue = tokens.Current.Kind switch
        {
            TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and"),
            TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
            TokenKind.Operator => tokens.Current.Text is "[" or "{",
            _ => false,
        };
        return !startsValue ? ArgumentList.Empty
            : tokens.IsName("is") ? throw tokens.Error("tests cannot be chained by 'is'")
            : new ArgumentList([ParsePostfix(ParsePrimary())], []);
    }
}
