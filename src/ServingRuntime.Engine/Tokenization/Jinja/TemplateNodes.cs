namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

internal abstract record Expression;

internal sealed record Literal(object? Value) : Expression;

internal sealed record Variable(string Name) : Expression;

internal sealed record ListLiteral(IReadOnlyList<Expression> Items) : Expression;

internal sealed record TupleLiteral(IReadOnlyList<Expression> Items) : Expression;

internal sealed record DictionaryLiteral(IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression;

internal sealed record GetAttribute(Expression Target, string Name) : Expression;

internal sealed record GetItem(Expression Target, Expression Index) : Expression;

internal sealed record Slice(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

internal sealed record Unary(string Operator, Expression Operand) : Expression;

internal sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

internal sealed record Comparison(Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression;

internal sealed record Conditional(Expression Condition, Expression Then, Expression? Otherwise) : Expression;

internal sealed record Call(Expression Function, ArgumentList Arguments) : Expression;

/// <param name="Operand">Null: what stands before it in a filter block.</param>
/// <param name="Name">The filter's.</param>
/// <param name="Arguments">After the operand.</param>
internal sealed record Filter(Expression Operand, string Name, ArgumentList Arguments) : Expression;

internal sealed record Test(Expression Operand, string Name, ArgumentList Arguments) : Expression;

/// <param name="Positional">By place.</param>
/// <param name="Named">By name.</param>
/// <param name="More">*items.</param>
/// <param name="MoreNamed">**items.</param>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? More = null, Expression? MoreNamed = null)
{
    public static ArgumentList Empty { get; } = new([], []);
}

/// <summary>What a value is assigned to.</summary>
internal abstract record AssignmentTarget;

internal sealed record NameTarget(string Name) : AssignmentTarget;

internal sealed record AttributeTarget(string Name, string Attribute) : AssignmentTarget;

internal sealed record TupleTarget(IReadOnlyList<AssignmentTarget> Items) : AssignmentTarget;

internal abstract record Statement;

internal sealed record TextOutput(string Text) : Statement;

internal sealed record ExpressionOutput(Expression Value) : Statement;

internal sealed record If(IReadOnlyList<(Expression Condition, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise) : Statement;

internal sealed record For(
    AssignmentTarget Target, Expression Items, Expression? Condition, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Otherwise, bool Recursive) : Statement;

internal sealed record Set(AssignmentTarget Target, Expression Value) : Statement;

internal sealed record SetBlock(AssignmentTarget Target, IReadOnlyList<(string Name, ArgumentList Arguments)> Filters, IReadOnlyList<Statement> Body) : Statement;

internal sealed record Parameter(string Name, Expression? Default);

/// <summary>The body of a macro or call block, with what it takes.</summary>
/// <param name="Parameters">By place or name.</param>
/// <param name="Body">What it runs.</param>
/// <param name="Specials">Which of caller, varargs and kwargs it reads: only then may they be given.</param>
internal sealed record Signature(IReadOnlyList<Parameter> Parameters, IReadOnlyList<Statement> Body, IReadOnlySet<string> Specials);

internal sealed record Macro(string Name, Signature Signature) : Statement;

internal sealed record CallBlock(Call Call, Signature Signature) : Statement;

internal sealed record FilterBlock(IReadOnlyList<(string Name, ArgumentList Arguments)> Filters, IReadOnlyList<Statement> Body) : Statement;

internal sealed record With(IReadOnlyList<(AssignmentTarget Target, Expression Value)> Variables, IReadOnlyList<Statement> Body) : Statement;

internal sealed record Generation(IReadOnlyList<Statement> Body) : Statement;

internal sealed record Jump(bool Continues) : Statement;
