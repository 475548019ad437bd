namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

internal abstract record Expression;

internal sealed record Literal(object? Value) : Expression;

internal sealed record Variable(string Name) : Expression;

internal sealed record ListLiteral(IReadOnlyList<Expression> Items) : Expression;

internal sealed record DictionaryLiteral(IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression;

internal sealed record GetAttribute(Expression Target, string Name) : Expression;

internal sealed record GetItem(Expression Target, Expression Index) : Expression;

internal sealed record Slice(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

internal sealed record Unary(string Operator, Expression Operand) : Expression;

internal sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

internal sealed record Comparison(Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression;

internal sealed record Conditional(Expression Condition, Expression Then, Expression? Otherwise) : Expression;

internal sealed record Call(Expression Function, ArgumentList Arguments) : Expression;

internal sealed record Filter(Expression Operand, string Name, ArgumentList Arguments) : Expression;

internal sealed record Test(Expression Operand, string Name, ArgumentList Arguments, bool Negated) : Expression;

internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
{
    public static ArgumentList Empty { get; } = new([], []);
}

internal abstract record Statement;

internal sealed record TextOutput(string Text) : Statement;

internal sealed record ExpressionOutput(Expression Value) : Statement;

internal sealed record If(IReadOnlyList<(Expression Condition, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise) : Statement;

internal sealed record For(
    IReadOnlyList<string> Targets, Expression Items, Expression? Condition, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Otherwise, bool Recursive) : Statement;

internal sealed record Set(IReadOnlyList<string> Targets, Expression Value) : Statement;

internal sealed record SetAttribute(string Name, string Attribute, Expression Value) : Statement;

internal sealed record SetBlock(string Name, IReadOnlyList<(string Name, ArgumentList Arguments)> Filters, IReadOnlyList<Statement> Body) : Statement;

internal sealed record Macro(string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body) : Statement;

internal sealed record CallBlock(IReadOnlyList<(string Name, Expression? Default)> Parameters, Call Call, IReadOnlyList<Statement> Body) : Statement;

internal sealed record FilterBlock(IReadOnlyList<(string Name, ArgumentList Arguments)> Filters, IReadOnlyList<Statement> Body) : Statement;

internal sealed record With(IReadOnlyList<(string Name, Expression Value)> Variables, IReadOnlyList<Statement> Body) : Statement;

internal sealed record Jump(bool Continues) : Statement;
