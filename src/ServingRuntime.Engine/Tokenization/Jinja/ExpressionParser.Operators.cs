namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Operators, from the loosest to the tightest.</summary>
internal sealed partial class ExpressionParser
{
    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (tokens.AcceptName("or"))
        {
            left = InRow(new Binary("or", left, ParseAnd()));
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (tokens.AcceptName("and"))
        {
            left = InRow(new Binary("and", left, ParseNot()));
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
            else if (tokens.IsName("not") && tokens.Next is { Kind: TokenKind.Name, Text: "in" })
            {
                tokens.Read();
                tokens.Read();
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
            left = InRow(new Binary(tokens.Read().Text, left, ParseConcatenation()));
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        var left = ParseMultiplicative();
        while (tokens.AcceptOperator("~"))
        {
            left = InRow(new Binary("~", left, ParseMultiplicative()));
        }

        return left;
    }

    private Expression ParseMultiplicative()
    {
        var left = ParsePower();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "*" or "/" or "//" or "%" })
        {
            left = InRow(new Binary(tokens.Read().Text, left, ParsePower()));
        }

        return left;
    }

    private Expression ParsePower()
    {
        var left = ParseUnary(withFilters: true);
        while (tokens.AcceptOperator("**"))
        {
            left = InRow(new Binary("**", left, ParseUnary(withFilters: true)));
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
}
