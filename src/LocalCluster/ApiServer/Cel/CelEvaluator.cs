using System.Globalization;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>
/// Evaluates a parsed expression. Every node and every item that a function looks at costs one unit; past the budget the expression
/// fails, so that no rule can hold the server up.
/// </summary>
internal sealed class CelEvaluator(long budget)
{
    private readonly Dictionary<string, object?> variables = new(StringComparer.Ordinal);
    private long left = budget;

    /// <summary>Units that are left: rules of one object share a budget.</summary>
    public long Left => left;

    public void Set(string name, object? value) => variables[name] = value;

    public void Unset(string name) => variables.Remove(name);

    /// <exception cref="CelException">The expression fails.</exception>
    public object? Evaluate(CelNode node)
    {
        Spend(1);
        switch (node)
        {
            case CelNode.Literal literal:
                return literal.Value;
            case CelNode.Identifier identifier:
                return variables.TryGetValue(identifier.Name, out var bound) ? bound
                    : CelFunctions.TypeNames.Contains(identifier.Name) ? new CelType(CelFunctions.TypeOf(identifier.Name))
                    : throw new CelException($"no such attribute(s): {identifier.Name}", identifier.Position);
            case CelNode.Select select:
                return Select(select);
            case CelNode.List list:
                return list.Items.Select(Evaluate).ToList();
            case CelNode.Map map:
                var made = new Dictionary<object, object?>();
                foreach (var (key, value) in map.Entries)
                {
                    made[Evaluate(key) ?? throw new CelException("unsupported key type")] = Evaluate(value);
                }

                return made;
            case CelNode.Comprehension comprehension:
                return Comprehend(comprehension);
            case CelNode.Call call:
                return Call(call);
            default:
                throw new CelException($"unsupported expression {node.GetType().Name}", node.Position);
        }
    }

    public void Spend(long units)
    {
        left -= units;
        if (left < 0)
        {
            throw new CelException("operation cancelled: actual cost limit exceeded");
        }
    }

    private object? Select(CelNode.Select select)
    {
        // math.greatest, sets.contains and the like are functions in a namespace, not fields.
        var operand = Evaluate(select.Operand);
        if (operand is CelOptional optional)
        {
            if (!optional.HasValue)
            {
                return select.Test ? false : CelOptional.None;
            }

            var inner = optional.Value is Dictionary<object, object?> fields && CelValues.TryGet(fields, select.Field, out var found) ? CelOptional.Of(found) : CelOptional.None;
            return select.Test ? inner.HasValue : inner;
        }

        if (operand is not Dictionary<object, object?> map)
        {
            throw new CelException(operand is null ? $"no such key: {select.Field}" : "no such overload", select.Position);
        }

        var has = CelValues.TryGet(map, select.Field, out var value);
        if (select.Test)
        {
            return has;
        }

        if (select.Optional)
        {
            return has ? CelOptional.Of(value) : CelOptional.None;
        }

        return has ? value : throw new CelException($"no such key: {select.Field}", select.Position);
    }

    private object? Call(CelNode.Call call)
    {
        switch (call.Function)
        {
            case "&&" when call.Target is null:
                return Logic(call, false);
            case "||" when call.Target is null:
                return Logic(call, true);
            case "?:" when call.Target is null:
                return Evaluate(call.Arguments[0]) is bool condition ? Evaluate(call.Arguments[condition ? 1 : 2]) : throw new CelException("no such overload", call.Position);
        }

        if (call.Target is CelNode.Identifier space && !variables.ContainsKey(space.Name) && CelFunctions.IsNamespace(space.Name))
        {
            return CelFunctions.Invoke(this, null, $"{space.Name}.{call.Function}", call.Arguments.Select(Evaluate).ToArray());
        }

        var target = call.Target is null ? null : Evaluate(call.Target);
        if (target is CelOptional optional && call.Function is "or" or "orValue" && target is CelOptional)
        {
            var present = (CelOptional)target;
            return present.HasValue ? call.Function == "or" ? present : present.Value : Evaluate(call.Arguments[0]);
        }

        var arguments = call.Arguments.Select(Evaluate).ToArray();
        return call.Target is null && CelOperators.TryApply(call.Function, arguments, out var result)
            ? result
            : CelFunctions.Invoke(this, call.Target is null ? null : new CelReceiver(target), call.Function, arguments);
    }

    /// <summary>Either side may decide alone, whatever the other one does: an error counts only when it could have mattered.</summary>
    private object Logic(CelNode.Call call, bool decisive)
    {
        CelException? error = null;
        foreach (var argument in call.Arguments)
        {
            try
            {
                var value = Evaluate(argument);
                if (value is not bool flag)
                {
                    error ??= new CelException("no such overload", call.Position);
                }
                else if (flag == decisive)
                {
                    return decisive;
                }
            }
            catch (CelException e) when (left >= 0)
            {
                error ??= e;
            }
        }

        return error is null ? !decisive : throw error;
    }

    private object Comprehend(CelNode.Comprehension node)
    {
        var items = Evaluate(node.Range) switch
        {
            List<object?> list => list,
            Dictionary<object, object?> map => map.Keys.Cast<object?>().ToList(),
            _ => throw new CelException("no such overload", node.Position),
        };
        var shadowed = variables.TryGetValue(node.Variable, out var outer);
        var result = new List<object?>();
        var matches = 0;
        CelException? error = null;
        try
        {
            foreach (var item in items)
            {
                Spend(1);
                variables[node.Variable] = item;
                bool holds;
                try
                {
                    holds = node.Predicate is null || (Evaluate(node.Predicate) is bool flag ? flag : throw new CelException("no such overload", node.Position));
                }
                catch (CelException e) when (node.Macro is "all" or "exists" && left >= 0)
                {
                    error ??= e;
                    continue;
                }

                switch (node.Macro)
                {
                    case "all" when !holds:
                        return false;
                    case "exists" when holds:
                        return true;
                    case "exists_one" when holds:
                        matches++;
                        break;
                    case "filter" when holds:
                        result.Add(item);
                        break;
                    case "map" when holds:
                        result.Add(Evaluate(node.Transform!));
                        break;
                }
            }
        }
        finally
        {
            if (shadowed)
            {
                variables[node.Variable] = outer;
            }
            else
            {
                variables.Remove(node.Variable);
            }
        }

        return error is not null ? throw error : node.Macro switch
        {
            "all" => true,
            "exists" => false,
            "exists_one" => matches == 1,
            _ => result,
        };
    }
}

/// <summary>The value before the dot; a box, because null is a value too.</summary>
internal sealed record CelReceiver(object? Value);

/// <summary>What type(x) gives.</summary>
internal sealed record CelType(string Name)
{
    public override string ToString() => Name.ToString(CultureInfo.InvariantCulture);
}
