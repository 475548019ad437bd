using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Runs the statements of a template, once.</summary>
internal sealed class TemplateInterpreter
{
    private readonly RenderBudget budget;
    private readonly ExpressionEvaluator evaluator;
    private StringBuilder output = new();
    private TemplateScope scope;

    public TemplateInterpreter(TemplateScope globals, RenderBudget budget)
    {
        this.budget = budget;
        scope = new TemplateScope(globals);
        evaluator = new ExpressionEvaluator(budget);
    }

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public string Render(IReadOnlyList<Statement> template)
    {
        Run(template);
        return output.ToString();
    }

    private object? Evaluate(Expression expression) => evaluator.Evaluate(expression, scope);

    private Flow Run(IReadOnlyList<Statement> statements)
    {
        foreach (var statement in statements)
        {
            var flow = Run(statement);
            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    private Flow Run(Statement statement)
    {
        budget.Step();
        switch (statement)
        {
            case TextOutput text:
                budget.Append(output, text.Text);
                return Flow.Next;
            case ExpressionOutput expression:
                budget.Append(output, TemplateValue.ToText(evaluator.EvaluateRaw(expression.Value, scope)));
                return Flow.Next;
            case If conditional:
                foreach (var (condition, body) in conditional.Branches)
                {
                    if (TemplateValue.IsTrue(Evaluate(condition)))
                    {
                        return Run(body);
                    }
                }

                return Run(conditional.Otherwise);
            case For loop:
                RunLoop(loop, Evaluate(loop.Items), 0);
                return Flow.Next;
            case Set set:
                Assign(set.Targets, evaluator.EvaluateRaw(set.Value, scope), scope);
                return Flow.Next;
            case SetAttribute set:
                if (scope.Get(set.Name) is not TemplateNamespace space)
                {
                    throw TemplateValue.Error($"cannot set {set.Name}.{set.Attribute}: only a namespace's attributes can be set");
                }

                space.Attributes[set.Attribute] = evaluator.EvaluateRaw(set.Value, scope);
                return Flow.Next;
            case SetBlock set:
                scope.Set(set.Name, Filtered(set.Filters, Capture(set.Body)));
                return Flow.Next;
            case FilterBlock block:
                budget.Append(output, TemplateValue.ToText(Filtered(block.Filters, Capture(block.Body))));
                return Flow.Next;
            case Macro macro:
                scope.Set(macro.Name, MakeMacro(macro.Name, macro.Parameters, macro.Body, scope, caller: null));
                return Flow.Next;
            case CallBlock block:
                RunCall(block);
                return Flow.Next;
            case With with:
                return RunWith(with);
            case Jump jump:
                return jump.Continues ? Flow.Continue : Flow.Break;
            default:
                throw new InvalidOperationException($"no way to run {statement.GetType().Name}");
        }
    }

    private void RunLoop(For loop, object? source, int depth)
    {
        var outer = scope;
        var items = TemplateValue.Iterate(source);
        if (loop.Condition is { } condition)
        {
            var kept = new List<object?>();
            foreach (var item in items)
            {
                scope = new TemplateScope(outer);
                Assign(loop.Targets, item, scope);
                if (TemplateValue.IsTrue(Evaluate(condition)))
                {
                    kept.Add(item);
                }
            }

            items = kept;
        }

        var state = new LoopState(items, depth)
        {
            Recurse = loop.Recursive ? arguments => CaptureLoop(loop, arguments.Require(0, "iterable"), depth + 1, outer) : null,
        };
        for (var i = 0; i < items.Count; i++)
        {
            budget.Step();
            state.Index = i;
            scope = new TemplateScope(outer);
            scope.Set("loop", state);
            Assign(loop.Targets, items[i], scope);
            if (Run(loop.Body) == Flow.Break)
            {
                break;
            }
        }

        scope = outer;
        if (items.Count == 0)
        {
            scope = new TemplateScope(outer);
            Run(loop.Otherwise);
            scope = outer;
        }
    }

    private string CaptureLoop(For loop, object? items, int depth, TemplateScope around)
    {
        var (savedOutput, savedScope) = (output, scope);
        budget.Enter();
        output = new StringBuilder();
        scope = around;
        RunLoop(loop, items, depth);
        budget.Leave();
        var text = output.ToString();
        (output, scope) = (savedOutput, savedScope);
        return text;
    }

    private static void Assign(IReadOnlyList<string> targets, object? value, TemplateScope into)
    {
        if (targets.Count == 1)
        {
            into.Set(targets[0], value);
            return;
        }

        var values = TemplateValue.Iterate(value);
        if (values.Count != targets.Count)
        {
            throw TemplateValue.Error($"cannot unpack {values.Count} values into {targets.Count} names");
        }

        for (var i = 0; i < targets.Count; i++)
        {
            into.Set(targets[i], values[i]);
        }
    }

    private string Capture(IReadOnlyList<Statement> body)
    {
        var saved = output;
        output = new StringBuilder();
        var outer = scope;
        scope = new TemplateScope(outer);
        Run(body);
        scope = outer;
        var text = output.ToString();
        output = saved;
        return text;
    }

    private object? Filtered(IReadOnlyList<(string Name, ArgumentList Arguments)> filters, object? value)
    {
        foreach (var (name, arguments) in filters)
        {
            value = evaluator.ApplyFilter(name, value, arguments, scope);
        }

        return value;
    }

    private Flow RunWith(With with)
    {
        var outer = scope;
        var inner = new TemplateScope(outer);
        foreach (var (name, value) in with.Variables)
        {
            inner.Set(name, Evaluate(value));
        }

        scope = inner;
        var flow = Run(with.Body);
        scope = outer;
        return flow;
    }

    private void RunCall(CallBlock block)
    {
        if (evaluator.EvaluateCallee(block.Call.Function, scope) is not TemplateFunction function)
        {
            throw TemplateValue.Error("a call block needs a macro");
        }

        var arguments = evaluator.EvaluateArguments("macro", block.Call.Arguments, scope);
        var caller = MakeMacro("caller", block.Parameters, block.Body, scope, caller: null);
        var named = new Dictionary<string, object?>(arguments.Named, StringComparer.Ordinal) { ["caller"] = caller };
        budget.Append(output, TemplateValue.ToText(function(new CallArguments("macro", [.. arguments.Positional], named))));
    }

    private TemplateFunction MakeMacro(
        string name, IReadOnlyList<(string Name, Expression? Default)> parameters, IReadOnlyList<Statement> body, TemplateScope definedIn, TemplateFunction? caller)
        => arguments =>
        {
            if (arguments.Positional.Count > parameters.Count)
            {
                throw TemplateValue.Error($"macro '{name}' takes {parameters.Count} arguments");
            }

            budget.Enter();
            var (savedOutput, savedScope) = (output, scope);
            output = new StringBuilder();
            scope = new TemplateScope(definedIn);
            scope.Set("caller", arguments.Named.GetValueOrDefault("caller") ?? caller ?? (object)new Undefined("'caller'"));
            for (var i = 0; i < parameters.Count; i++)
            {
                var (parameter, otherwise) = parameters[i];
                scope.Set(parameter, arguments.TryGet(i, parameter, out var value) ? value
                    : otherwise is not null ? Evaluate(otherwise) : new Undefined($"'{parameter}'"));
            }

            foreach (var (given, _) in arguments.Named)
            {
                if (given != "caller" && !parameters.Any(p => p.Name == given))
                {
                    throw TemplateValue.Error($"macro '{name}' has no argument '{given}'");
                }
            }

            Run(body);
            var text = output.ToString();
            (output, scope) = (savedOutput, savedScope);
            budget.Leave();
            return text;
        };
}
