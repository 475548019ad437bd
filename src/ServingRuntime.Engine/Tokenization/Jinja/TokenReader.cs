namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Where the two parsers stand in the tokens.</summary>
internal sealed class TokenReader(IReadOnlyList<Token> tokens)
{
    private int position;

    public Token Current => tokens[position];

    /// <summary>The token behind the current one.</summary>
    public Token Next => tokens[Math.Min(position + 1, tokens.Count - 1)];

    public bool IsNamedArgument() => Current.Kind == TokenKind.Name && Next is { Kind: TokenKind.Operator, Text: "=" };

    public Token Read() => tokens[position < tokens.Count - 1 ? position++ : position];

    public bool IsOperator(string text) => Current is { Kind: TokenKind.Operator } token && token.Text == text;

    public bool IsName(string text) => Current is { Kind: TokenKind.Name } token && token.Text == text;

    public bool AcceptOperator(string text)
    {
        if (!IsOperator(text))
        {
            return false;
        }

        position++;
        return true;
    }

    public bool AcceptName(string text)
    {
        if (!IsName(text))
        {
            return false;
        }

        position++;
        return true;
    }

    public void ExpectOperator(string text)
    {
        if (!AcceptOperator(text))
        {
            throw Error($"expected '{text}', found {Describe(Current)}");
        }
    }

    public string ExpectName() => Current.Kind == TokenKind.Name ? Read().Text : throw Error($"expected a name, found {Describe(Current)}");

    public void Expect(TokenKind kind)
    {
        if (Current.Kind != kind)
        {
            throw Error($"expected the end of the tag, found {Describe(Current)}");
        }

        position++;
    }

    public TemplateException Error(string what) => new(TemplateFault.Syntax, $"chat template, line {Current.Line}: {what}");

    private static string Describe(Token token) => token.Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.EndOutput or TokenKind.EndStatement => "the end of the tag",
        _ => $"'{token.Text}'",
    };
}
