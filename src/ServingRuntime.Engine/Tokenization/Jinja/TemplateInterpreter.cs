using System.Runtime.CompilerServices;
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
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateException(TemplateFault.Limit, "the chat template's blocks are nested too deeply");
        }

        switch (statement)
        {
            case TextOutput text:
                budget.Append(output, text.Text);
                return Flow.Next;
            case ExpressionOutput expression:
                budget.Append(output, TemplateText.Of(Evaluate(expression.Value)));
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
            case For { Recursive: true } loop:
                budget.Append(output, CaptureLoop(loop, Evaluate(loop.Items), 0, scope));
                return Flow.Next;
            case For loop:
                return RunLoop(loop, Evaluate(loop.Items), 0);
            case Set set:
                Assign(set.Target, Evaluate(set.Value), scope);
                return Flow.Next;
            case SetBlock set:
                var flow = Capture(set.Body, out var block);
                if (flow == Flow.Next)
                {
                    Assign(set.Target, Filtered(set.Filters, block), scope);
                }

                return flow;
            case FilterBlock filtered:
                var left = Capture(filtered.Body, out var inner);
                if (left == Flow.Next)
                {
                    budget.Append(output, TemplateValue.Plain(Filtered(filtered.Filters, inner)) as string ?? throw TemplateValue.Error("a filter block's filter must give a string"));
                }

                return left;
            case Macro macro:
                scope.Set(macro.Name, new TemplateFunction($"<Macro {TemplateText.Represent(macro.Name)}>", MakeMacro(macro.Name, macro.Signature, scope)));
                return Flow.Next;
            case CallBlock call:
                var caller = new TemplateFunction("<Macro 'caller'>", MakeMacro("caller", call.Signature, scope));
                budget.Append(output, TemplateText.Of(evaluator.EvaluateCall(call.Call, scope, caller)));
                return Flow.Next;
            case With with:
                return RunWith(with);
            case Generation generation:
                return InScope(new TemplateScope(scope), generation.Body);
            case Jump jump:
                return jump.Continues ? Flow.Continue : Flow.Break;
            default:
                throw new InvalidOperationException($"no way to run {statement.GetType().Name}");
        }
    }

    private Flow InScope(TemplateScope inner, IReadOnlyList<Statement> body)
    {
        var outer = scope;
        scope = inner;
        var flow = Run(body);
        scope = outer;
        return flow;
    }

    /// <summary>As Jinja compiles it: else runs where no round came to its end, so also after a first round with break or continue.</summary>
    private Flow RunLoop(For loop, object? source, int depth)
    {
        var outer = scope;
        var length = loop.Condition is null ? TemplateValue.TryLength(source) : null;
        var items = TemplateValue.Iterate(source);
        var state = new LoopState((loop.Condition is { } condition ? Filter(loop, items, condition, outer) : items).GetEnumerator(), length, depth)
        {
            Recurse = loop.Recursive ? arguments => CaptureLoop(loop, arguments.Require(0, "iterable"), depth + 1, outer) : null,
        };
        var finished = false;
        while (state.MoveNext())
        {
            budget.Step();
            scope = new TemplateScope(outer);
            scope.Set("loop", state);
            Assign(loop.Target, state.Current, scope);
            var flow = Run(loop.Body);
            scope = outer;
            if (flow == Flow.Break)
            {
                break;
            }

            finished |= flow == Flow.Next;
        }

        return finished || loop.Otherwise.Count == 0 ? Flow.Next : InScope(new TemplateScope(outer), loop.Otherwise);
    }

    private IEnumerable<object?> Filter(For loop, IEnumerable<object?> items, Expression condition, TemplateScope outer)
    {
        foreach (var item in items)
        {
            budget.Step();
            var inner = new TemplateScope(outer);
            Assign(loop.Target, item, inner);
            if (TemplateValue.IsTrue(evaluator.Evaluate(condition, inner)))
            {
                yield return item;
            }
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

    private void Assign(AssignmentTarget target, object? value, TemplateScope into)
    {
        switch (target)
        {
            case NameTarget name:
                into.Set(name.Name, value);
                break;
            case AttributeTarget attribute:
                var space = into.Get(attribute.Name) as TemplateNamespace
                    ?? throw TemplateValue.Error($"cannot set {attribute.Name}.{attribute.Attribute}: only a namespace's attributes can be set");
                space.Attributes.Set(attribute.Attribute, value);
                break;
            case TupleTarget tuple:
                var values = value is Undefined undefined && tuple.Items.Count > 0 ? throw undefined.Error() : TemplateValue.Iterate(value).Take(tuple.Items.Count + 1).ToList();
                if (values.Count != tuple.Items.Count)
                {
                    throw TemplateValue.Error($"cannot unpack {(values.Count > tuple.Items.Count ? "more" : values.Count)} values into {tuple.Items.Count} names");
                }

                for (var i = 0; i < values.Count; i++)
                {
                    Assign(tuple.Items[i], values[i], into);
                }

                break;
        }
    }

    private Flow Capture(IReadOnlyList<Statement> body, out string text)
    {
        var saved = output;
        output = new StringBuilder();
        var flow = InScope(new TemplateScope(scope), body);
        text = output.ToString();
        output = saved;
        return flow;
    }

    private object? Filtered(IReadOnlyList<(string Name, ArgumentList Arguments)> chain, object? value)
    {
        foreach (var (name, arguments) in chain)
        {
            value = evaluator.ApplyFilter(name, value, arguments, scope);
        }

        return value;
    }

    private Flow RunWith(With with)
    {
        var inner = new TemplateScope(scope);
        foreach (var (target, value) in with.Variables)
        {
            Assign(target, Evaluate(value), inner);
        }

        return InScope(inner, with.Body);
    }

    /// <summary>Jinja's Macro: what it is given must be what it declares or, for caller, varargs and kwargs, what its body reads.</summary>
    private Func<CallArguments, object?> MakeMacro(string name, Signature signature, TemplateScope definedIn)
        => arguments =>
        {
            var parameters = signature.Parameters;
            var named = new Dictionary<string, object?>(arguments.Named, StringComparer.Ordinal);
            budget.Enter();
            var (savedOutput, savedScope) = (output, scope);
            output = new StringBuilder();
            scope = new TemplateScope(definedIn);
            var given = new object?[parameters.Count];
            var isGiven = new bool[parameters.Count];
            for (var i = 0; i < parameters.Count; i++)
            {
                isGiven[i] = i < arguments.Positional.Count || named.ContainsKey(parameters[i].Name);
                given[i] = i < arguments.Positional.Count ? arguments.Positional[i] : named.Remove(parameters[i].Name, out var value) ? value : null;
            }

            if (signature.Specials.Contains("caller"))
            {
                scope.Set("caller", named.Remove("caller", out var caller) && caller is not null ? caller : new Undefined("'caller'"));
            }

            if (signature.Specials.Contains("kwargs"))
            {
                var rest = new TemplateDictionary();
                foreach (var (key, value) in named)
                {
                    rest.Set(key, value);
                }

                scope.Set("kwargs", rest);
            }
            else if (named.Count > 0)
            {
                throw TemplateValue.Error($"macro '{name}' has no argument '{named.Keys.First()}'");
            }

            if (signature.Specials.Contains("varargs"))
            {
                scope.Set("varargs", new TemplateTuple([.. arguments.Positional.Skip(parameters.Count)]));
            }
            else if (arguments.Positional.Count > parameters.Count)
            {
                throw TemplateValue.Error($"macro '{name}' takes {parameters.Count} arguments");
            }

            for (var i = 0; i < parameters.Count; i++)
            {
                scope.Set(parameters[i].Name, isGiven[i] ? given[i] : parameters[i].Default is { } otherwise ? Evaluate(otherwise) : new Undefined($"the parameter '{parameters[i].Name}'"));
            }

            Run(signature.Body);
            var text = output.ToString();
            (output, scope) = (savedOutput, savedScope);
            budget.Leave();
            return text;
        };
}
