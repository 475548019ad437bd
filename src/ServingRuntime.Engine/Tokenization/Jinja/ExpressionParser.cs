using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Expressions, in Jinja's order of precedence: inline if, or, and, not, comparisons, + -, ~, * / // %, **, unary, postfix, filters and tests.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    private const int MaxDepth = 200;
    private int depth;

    /// <param name="withCondition">Whether "a if b" belongs to the expression (not in the head of a for).</param>
    public Expression Parse(bool withCondition = true)
    {
        if (++depth > MaxDepth)
        {
            throw tokens.Error("the expression is nested too deeply");
        }

        var value = ParseOr();
        while (withCondition && tokens.AcceptName("if"))
        {
            var condition = ParseOr();
            value = new Conditional(condition, value, tokens.AcceptName("else") ? Parse() : null);
        }

        depth--;
        return value;
    }

    /// <summary>An expression or, without brackets, a tuple.</summary>
    public Expression ParseTuple(bool withCondition = true)
    {
        var first = Parse(withCondition);
        if (!tokens.IsOperator(","))
        {
            return first;
        }

        var items = new List<Expression> { first };
        while (tokens.AcceptOperator(",") && tokens.Current.Kind is not (TokenKind.EndStatement or TokenKind.EndOutput) && !tokens.IsOperator(")"))
        {
            items.Add(Parse(withCondition));
        }

        return new ListLiteral(items);
    }

    public ArgumentList ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        while (!tokens.AcceptOperator(")"))
        {
            if (positional.Count + named.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.AcceptOperator(")"))
                {
                    break;
                }
            }

            if (tokens.IsOperator("*") || tokens.IsOperator("**"))
            {
                throw tokens.Error("unpacked arguments are not supported");
            }

            var value = Parse();
            if (value is Variable variable && tokens.AcceptOperator("="))
            {
                named.Add((variable.Name, Parse()));
            }
            else if (named.Count > 0)
            {
                throw tokens.Error("a positional argument follows a named one");
            }
            else
            {
                positional.Add(value);
            }
        }

        return new ArgumentList(positional, named);
    }

    /// <summary>The chain of filters of a filter block or block set; the first name has been announced by the caller.</summary>
    public List<(string Name, ArgumentList Arguments)> ParseFilterChain()
    {
        var filters = new List<(string, ArgumentList)>();
        do
        {
            filters.Add((tokens.ExpectName(), tokens.IsOperator("(") ? ParseArguments() : ArgumentList.Empty));
        }
        while (tokens.AcceptOperator("|"));
        return filters;
    }

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (tokens.AcceptName("or"))
        {
            left = new Binary("or", left, ParseAnd());
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (tokens.AcceptName("and"))
        {
            left = new Binary("and", left, ParseNot());
        }

        return left;
    }

    private Expression ParseNot()
    {
        var negations = 0;
        while (tokens.AcceptName("not"))
        {
            negations++;
        }

        var value = ParseComparison();
        return negations == 0 ? value : new Unary("not", negations % 2 == 1 ? value : new Unary("not", value));
    }

    private Expression ParseComparison()
    {
        var first = ParseAdditive();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (tokens.Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or ">" or "<=" or ">=" })
            {
                rest.Add((tokens.Read().Text, ParseAdditive()));
            }
            else if (tokens.AcceptName("in"))
            {
                rest.Add(("in", ParseAdditive()));
            }
            else if (tokens.IsName("not"))
            {
                tokens.Read();
                if (!tokens.AcceptName("in"))
                {
                    throw tokens.Error("expected 'in' after 'not'");
                }

                rest.Add(("not in", ParseAdditive()));
            }
            else
            {
                return rest.Count == 0 ? first : new Comparison(first, rest);
            }
        }
    }

    private Expression ParseAdditive()
    {
        var left = ParseConcatenation();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "+" or "-" })
        {
            left = new Binary(tokens.Read().Text, left, ParseConcatenation());
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        var left = ParseMultiplicative();
        while (tokens.AcceptOperator("~"))
        {
            left = new Binary("~", left, ParseMultiplicative());
        }

        return left;
    }

    private Expression ParseMultiplicative()
    {
        var left = ParsePower();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            left = new Binary(tokens.Read().Text, left, ParsePower());
        }

        return left;
    }

    private Expression ParsePower()
    {
        var left = ParseUnary(withFilters: true);
        while (tokens.AcceptOperator("**"))
        {
            left = new Binary("**", left, ParseUnary(withFilters: true));
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        if (++depth > MaxDepth)
        {
            throw tokens.Error("the expression is nested too deeply");
        }

        var value = tokens.Current is { Kind: TokenKind.Operator, Text: "-" or "+" }
            ? new Unary(tokens.Read().Text, ParseUnary(withFilters: false))
            : ParsePrimary();
        value = ParsePostfix(value);
        depth--;
        return withFilters ? ParseFilters(value) : value;
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Read();
        switch (token.Kind)
        {
            case TokenKind.Name:
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
                return long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var integer)
                    ? new Literal(integer)
                    : throw tokens.Error($"the number {token.Text} is too large");
            case TokenKind.Float:
                return double.TryParse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                    ? new Literal(number)
                    : throw tokens.Error($"'{token.Text}' is no number");
            case TokenKind.Operator when token.Text == "(":
                if (tokens.AcceptOperator(")"))
                {
                    return new ListLiteral([]);
                }

                var inner = ParseTuple();
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
                value = tokens.Current.Kind == TokenKind.Integer
                    ? new GetItem(value, new Literal(long.Parse(tokens.Read().Text, CultureInfo.InvariantCulture)))
                    : new GetAttribute(value, tokens.ExpectName());
            }
            else if (tokens.AcceptOperator("["))
            {
                value = ParseSubscript(value);
            }
            else if (tokens.IsOperator("("))
            {
                value = new Call(value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseSubscript(Expression target)
    {
        Expression? start = tokens.IsOperator(":") ? null : ParseTuple();
        if (!tokens.AcceptOperator(":"))
        {
            tokens.ExpectOperator("]");
            return new GetItem(target, start!);
        }

        var stop = tokens.IsOperator(":") || tokens.IsOperator("]") ? null : Parse();
        var step = tokens.AcceptOperator(":") && !tokens.IsOperator("]") ? Parse() : null;
        tokens.ExpectOperator("]");
        return new Slice(target, start, stop, step);
    }

    private Expression ParseFilters(Expression value)
    {
        while (true)
        {
            if (tokens.AcceptOperator("|"))
            {
                value = new Filter(value, tokens.ExpectName(), tokens.IsOperator("(") ? ParseArguments() : ArgumentList.Empty);
            }
            else if (tokens.AcceptName("is"))
            {
                var negated = tokens.AcceptName("not");
                value = new Test(value, tokens.ExpectName(), ParseTestArguments(), negated);
            }
            else if (tokens.IsOperator("("))
            {
                value = new Call(value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private ArgumentList ParseTestArguments()
    {
        if (tokens.IsOperator("("))
        {
            return ParseArguments();
        }

        var startsValue = tokens.Current.Kind switch
        {
            TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "in" or "not"),
            TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
            TokenKind.Operator => tokens.Current.Text is "[" or "{",
            _ => false,
        };
        return startsValue ? new ArgumentList([ParsePostfix(ParsePrimary())], []) : ArgumentList.Empty;
    }
}
