namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Values of expressions.</summary>
internal sealed class ExpressionEvaluator(RenderBudget budget)
{
    private readonly TemplateFilters filters = new(budget);
    private readonly TemplateMethods methods = new(budget);

    /// <summary>The value; only here may it be a <see cref="SafeText"/>.</summary>
    public object? EvaluateRaw(Expression expression, TemplateScope scope)
    {
        budget.Step();
        switch (expression)
        {
            case Literal literal:
                return literal.Value;
            case Variable variable:
                return scope.Get(variable.Name);
            case ListLiteral list:
                return list.Items.Select(item => Evaluate(item, scope)).ToList();
            case DictionaryLiteral literal:
                var dictionary = new TemplateDictionary();
                foreach (var (key, value) in literal.Items)
                {
                    dictionary[Key(Evaluate(key, scope))] = Evaluate(value, scope);
                }

                return dictionary;
            case GetAttribute get:
                return TemplateValue.GetAttribute(Evaluate(get.Target, scope), Checked(get.Name));
            case GetItem get:
                return TemplateValue.GetItem(Evaluate(get.Target, scope), Evaluate(get.Index, scope));
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
            case Binary { Operator: "+" } plus:
                return Arithmetic.Apply("+", EvaluateRaw(plus.Left, scope), EvaluateRaw(plus.Right, scope), budget);
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
                return TemplateTests.Apply(test.Name, subject, EvaluateArguments(test.Name, test.Arguments, scope)) != test.Negated;
            case Call call:
                return EvaluateCall(call, scope);
            default:
                throw new InvalidOperationException($"no way to evaluate {expression.GetType().Name}");
        }
    }

    public object? Evaluate(Expression expression, TemplateScope scope)
        => EvaluateRaw(expression, scope) is var value && value is SafeText safe ? safe.Text : value;

    public object? ApplyFilter(string name, object? value, ArgumentList arguments, TemplateScope scope)
        => filters.Apply(name, value, EvaluateArguments(name, arguments, scope));

    public CallArguments EvaluateArguments(string callee, ArgumentList arguments, TemplateScope scope)
    {
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in arguments.Named)
        {
            named[name] = Evaluate(value, scope);
        }

        return new CallArguments(callee, [.. arguments.Positional.Select(a => Evaluate(a, scope))], named);
    }

    public object? EvaluateCallee(Expression function, TemplateScope scope) => Evaluate(function, scope);

    private static object Key(object? value) => value is string or long or bool or double ? value : throw TemplateValue.Error($"{TemplateValue.TypeName(value)} cannot be a key");

    private static string Checked(string name) => name.StartsWith('_') ? throw TemplateValue.Error($"access to '{name}' is not allowed") : name;

    private object? EvaluateCall(Call call, TemplateScope scope)
    {
        if (call.Function is GetAttribute method)
        {
            var target = Evaluate(method.Target, scope);
            var name = Checked(method.Name);
            var arguments = EvaluateArguments(name, call.Arguments, scope);
            return target switch
            {
                Undefined undefined => throw undefined.Error(),
                LoopState loop => loop.Call(name, arguments),
                TemplateNamespace when TemplateValue.GetAttribute(target, name) is TemplateFunction function => function(arguments),
                _ => methods.Call(target, name, arguments),
            };
        }

        return Evaluate(call.Function, scope) switch
        {
            TemplateFunction function => function(EvaluateArguments("function", call.Arguments, scope)),
            LoopState { Recurse: { } recurse } => recurse(EvaluateArguments("loop", call.Arguments, scope)),
            Undefined undefined => throw undefined.Error(),
            var other => throw TemplateValue.Error($"'{TemplateValue.TypeName(other)}' cannot be called"),
        };
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
                "in" => TemplateValue.Contains(right, left),
                "not in" => !TemplateValue.Contains(right, left),
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
        ("-", long number) => checked(-number),
        ("-", double number) => -number,
        ("+", long or double) => value,
        _ => throw TemplateValue.Error($"bad operand for unary {operation}: {TemplateValue.TypeName(value)}"),
    };

    /// <summary>Python's slices, also backwards; strings by characters.</summary>
    private object EvaluateSlice(Slice slice, TemplateScope scope)
    {
        var target = Evaluate(slice.Target, scope);
        var items = target switch
        {
            string text => TemplateValue.Characters(text),
            List<object?> list => list,
            Undefined undefined => throw undefined.Error(),
            _ => throw TemplateValue.Error($"'{TemplateValue.TypeName(target)}' cannot be sliced"),
        };
        var step = Bound(slice.Step, scope) ?? 1;
        if (step == 0)
        {
            throw TemplateValue.Error("the step of a slice cannot be zero");
        }

        long count = items.Count;
        long Clamp(long? bound, long otherwise)
        {
            if (bound is not { } value)
            {
                return otherwise;
            }

            value = value < 0 ? value + count : value;
            return step > 0 ? Math.Clamp(value, 0, count) : Math.Clamp(value, -1, count - 1);
        }

        var start = Clamp(Bound(slice.Start, scope), step > 0 ? 0 : count - 1);
        var stop = Clamp(Bound(slice.Stop, scope), step > 0 ? count : -1);
        var output = new List<object?>();
        for (var i = start; step > 0 ? i < stop : i > stop; i += step)
        {
            output.Add(items[(int)i]);
        }

        budget.Step(1 + (output.Count / 16));
        return target is string ? string.Concat(output) : output;
    }

    private long? Bound(Expression? expression, TemplateScope scope)
    {
        var value = expression is null ? null : Evaluate(expression, scope);
        return value is null ? null
            : TemplateValue.TryInteger(value, out var number) ? Math.Clamp(number, int.MinValue, int.MaxValue)
            : throw TemplateValue.Error("the bounds of a slice must be integers");
    }
}
