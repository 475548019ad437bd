using System.Numerics;
using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Values of expressions.</summary>
internal sealed class ExpressionEvaluator(RenderBudget budget)
{
    private readonly TemplateFilters filters = new(budget);
    private readonly TemplateMethods methods = new(budget);

    public object? Evaluate(Expression expression, TemplateScope scope)
    {
        budget.Step();
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateException(TemplateFault.Limit, "the chat template's expressions are nested too deeply");
        }

        switch (expression)
        {
            case Literal literal:
                return literal.Value;
            case Variable variable:
                var value = scope.Get(variable.Name);
                return value is Undefined && variable.Name == "self" ? throw TemplateValue.Error("'self' is not supported") : value;
            case ListLiteral list:
                return EvaluateItems(list.Items, scope);
            case TupleLiteral tuple:
                return new TemplateTuple(EvaluateItems(tuple.Items, scope));
            case DictionaryLiteral literal:
                var dictionary = new TemplateDictionary();
                foreach (var (key, item) in literal.Items)
                {
                    dictionary.Set(Evaluate(key, scope), Evaluate(item, scope));
                }

                return dictionary;
            case GetAttribute get:
                return TemplateValue.GetAttribute(Evaluate(get.Target, scope), get.Name);
            case GetItem get:
                return TemplateValue.GetItem(Evaluate(get.Target, scope), Evaluate(get.Index, scope), budget);
            case Slice slice:
                return EvaluateSlice(slice, scope);
            case Unary unary:
                return EvaluateUnary(unary.Operator, Evaluate(unary.Operand, scope));
            case Binary { Operator: "and" } and:
                var left = Evaluate(and.Left, scope);
                return TemplateValue.IsTrue(left) ? Evaluate(and.Right, scope) : left;
            case Binary { Operator: "or" } or:
                var first = Evaluate(or.Left, scope);
                return TemplateValue.IsTrue(first) ? first : Evaluate(or.Right, scope);
            case Binary binary:
                return Arithmetic.Apply(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), budget);
            case Comparison comparison:
                return EvaluateComparison(comparison, scope);
            case Conditional conditional:
                return TemplateValue.IsTrue(Evaluate(conditional.Condition, scope))
                    ? Evaluate(conditional.Then, scope)
                    : conditional.Otherwise is { } otherwise ? Evaluate(otherwise, scope) : new Undefined("the inline if without else");
            case Filter filter:
                return ApplyFilter(filter.Name, Evaluate(filter.Operand, scope), filter.Arguments, scope);
            case Test test:
                var subject = Evaluate(test.Operand, scope);
                return TemplateTests.Apply(test.Name, subject, EvaluateArguments(test.Name, test.Arguments, scope), budget);
            case Call call:
                return EvaluateCall(call, scope);
            default:
                throw new InvalidOperationException($"no way to evaluate {expression.GetType().Name}");
        }
    }

    public object? ApplyFilter(string name, object? value, ArgumentList arguments, TemplateScope scope)
        => filters.Apply(name, value, EvaluateArguments(name, arguments, scope));

    /// <param name="caller">What a call block gives to its macro.</param>
    public object? EvaluateCall(Call call, TemplateScope scope, TemplateFunction? caller = null)
    {
        var callee = Evaluate(call.Function, scope);
        var name = call.Function switch { GetAttribute get => get.Name, Variable variable => variable.Name, _ => "the function" };
        var arguments = EvaluateArguments(name, call.Arguments, scope, caller);
        return callee switch
        {
            TemplateFunction function => function.Invoke(arguments),
            BoundMethod method => methods.Call(method, arguments),
            LoopState { Recurse: { } recurse } => recurse(arguments.Expect(1, 1, "iterable")),
            LoopState => throw TemplateValue.Error("the loop is not marked recursive"),
            Undefined undefined => throw undefined.Error(),
            _ => throw TemplateValue.Error($"'{TemplateValue.TypeName(callee)}' cannot be called"),
        };
    }

    private List<object?> EvaluateItems(IReadOnlyList<Expression> items, TemplateScope scope)
    {
        var values = new List<object?>(items.Count);
        foreach (var item in items)
        {
            values.Add(Evaluate(item, scope));
        }

        return values;
    }

    private CallArguments EvaluateArguments(string callee, ArgumentList arguments, TemplateScope scope, TemplateFunction? caller = null)
    {
        var positional = EvaluateItems(arguments.Positional, scope);
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (arguments.More is { } more)
        {
            var items = Evaluate(more, scope);
            foreach (var item in items is Undefined undefined ? throw undefined.Error() : TemplateValue.Iterate(items))
            {
                budget.Step();
                positional.Add(item);
            }
        }

        foreach (var (name, value) in arguments.Named)
        {
            named[name] = Evaluate(value, scope);
        }

        if (caller is not null && !named.TryAdd("caller", caller))
        {
            throw TemplateValue.Error("the argument 'caller' is given twice");
        }

        if (arguments.MoreNamed is { } moreNamed)
        {
            foreach (var (key, value) in (Evaluate(moreNamed, scope) as TemplateDictionary ?? throw TemplateValue.Error("** needs a mapping")).Items)
            {
                if (TemplateValue.Plain(key) is not string name || !named.TryAdd(name, value))
                {
                    throw TemplateValue.Error("** needs strings as keys, each once");
                }
            }
        }

        return new CallArguments(callee, positional, named);
    }

    private bool EvaluateComparison(Comparison comparison, TemplateScope scope)
    {
        var left = Evaluate(comparison.First, scope);
        foreach (var (operation, operand) in comparison.Rest)
        {
            var right = Evaluate(operand, scope);
            var holds = operation switch
            {
                "==" => TemplateValue.AreEqual(left, right),
                "!=" => !TemplateValue.AreEqual(left, right),
                "in" => TemplateValue.Contains(right, left, budget),
                "not in" => !TemplateValue.Contains(right, left, budget),
                "<" => TemplateValue.Compare(left, right) < 0,
                "<=" => TemplateValue.Compare(left, right) <= 0,
                ">" => TemplateValue.Compare(left, right) > 0,
                _ => TemplateValue.Compare(left, right) >= 0,
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private static object EvaluateUnary(string operation, object? value) => (operation, value) switch
    {
        ("not", _) => !TemplateValue.IsTrue(value),
        ("-", _) => Arithmetic.Negate(value),
        (_, double) => value,
        (_, long or bool or BigInteger) => PythonNumber.Integer(PythonNumber.Big(value)),
        _ => throw (value as Undefined)?.Error() ?? TemplateValue.Error($"bad operand for unary {operation}: {TemplateValue.TypeName(value)}"),
    };

    /// <summary>Python's slices, also backwards; strings by characters.</summary>
    private object? EvaluateSlice(Slice slice, TemplateScope scope)
    {
        var target = Evaluate(slice.Target, scope);
        var (start, stop, step) = (Bound(slice.Start, scope), Bound(slice.Stop, scope), Bound(slice.Step, scope) ?? 1);
        if (target is TemplateRange range)
        {
            return step == 0 ? throw TemplateValue.Error("the step of a slice cannot be zero") : Slice(range, start, stop, step);
        }

        IReadOnlyList<object?> items = target switch
        {
            string text => PythonText.Characters(text),
            SafeText safe => PythonText.Characters(safe.Text),
            List<object?> list => list,
            TemplateTuple tuple => tuple.Items,
            Undefined undefined => throw undefined.Error(),
            _ => throw TemplateValue.Error($"'{TemplateValue.TypeName(target)}' cannot be sliced"),
        };
        if (step == 0)
        {
            throw TemplateValue.Error("the step of a slice cannot be zero");
        }

        budget.Characters(items.Count);
        var output = new List<object?>();
        var (from, to) = Limits(items.Count, start, stop, step);
        for (var i = from; step > 0 ? i < to : i > to; i += step)
        {
            output.Add(items[(int)i]);
        }

        return target switch
        {
            string => string.Concat(output),
            SafeText => new SafeText(string.Concat(output)),
            TemplateTuple => new TemplateTuple(output),
            _ => output,
        };
    }

    private static TemplateRange Slice(TemplateRange range, long? start, long? stop, long step)
    {
        var (from, to) = Limits(range.Count, start, stop, step);
        return new TemplateRange(range.Start + (from * range.Step), range.Start + (to * range.Step), range.Step * step);
    }

    private static (long From, long To) Limits(long count, long? start, long? stop, long step)
    {
        long Clamp(long? bound, long otherwise)
        {
            if (bound is not { } value)
            {
                return otherwise;
            }

            value = value < 0 ? value + count : value;
            return step > 0 ? Math.Clamp(value, 0, count) : Math.Clamp(value, -1, count - 1);
        }

        return (Clamp(start, step > 0 ? 0 : count - 1), Clamp(stop, step > 0 ? count : -1));
    }

    private long? Bound(Expression? expression, TemplateScope scope)
    {
        var value = expression is null ? null : Evaluate(expression, scope);
        return value switch
        {
            null => null,
            long number => Math.Clamp(number, int.MinValue, int.MaxValue),
            bool flag => flag ? 1 : 0,
            BigInteger big => big.Sign > 0 ? int.MaxValue : int.MinValue,
            Undefined undefined => throw undefined.Error(),
            _ => throw TemplateValue.Error("the bounds of a slice must be integers"),
        };
    }
}
