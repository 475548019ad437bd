namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Python's operators between two values.</summary>
internal static class Arithmetic
{
    public static object? Apply(string operation, object? left, object? right, RenderBudget budget)
    {
        switch (operation, left, right)
        {
            case ("~", _, _):
                var (first, second) = (TemplateValue.ToText(left), TemplateValue.ToText(right));
                budget.Characters((long)first.Length + second.Length);
                return first + second;
            case ("+", SafeText a, string or SafeText):
                return new SafeText(budget.Checked(a.Text + (right is string plain ? SafeText.Escape(plain) : ((SafeText)right!).Text)));
            case ("+", string a, SafeText b):
                return new SafeText(budget.Checked(SafeText.Escape(a) + b.Text));
            case ("+", string a, string b):
                budget.Characters((long)a.Length + b.Length);
                return a + b;
            case ("+", List<object?> a, List<object?> b):
                budget.Characters((long)a.Count + b.Count);
                return a.Concat(b).ToList();
            case ("*", string text, long or bool):
                return Repeat(text, right, budget);
            case ("*", long or bool, string text):
                return Repeat(text, left, budget);
            case ("%", string, _):
                throw TemplateValue.Error("formatting by % is not supported");
        }

        if (left is Undefined missing)
        {
            throw missing.Error();
        }

        if (right is Undefined alsoMissing)
        {
            throw alsoMissing.Error();
        }

        try
        {
            if (TemplateValue.TryInteger(left, out var x) && TemplateValue.TryInteger(right, out var y) && operation != "/")
            {
                return Integers(operation, x, y);
            }

            if (TemplateValue.TryNumber(left, out var u) && TemplateValue.TryNumber(right, out var v))
            {
                return Reals(operation, u, v);
            }
        }
        catch (OverflowException)
        {
            throw TemplateValue.Error($"the result of {operation} is too large");
        }

        throw TemplateValue.Error($"unsupported operands for {operation}: {TemplateValue.TypeName(left)} and {TemplateValue.TypeName(right)}");
    }

    private static object Integers(string operation, long x, long y) => operation switch
    {
        "+" => checked(x + y),
        "-" => checked(x - y),
        "*" => checked(x * y),
        "//" => y == 0 ? throw DivisionByZero() : checked(x / y) - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0),
        "%" => y is 0 ? throw DivisionByZero() : y == -1 ? 0L : ((x % y) + y) % y,
        "**" => Power(x, y),
        _ => throw TemplateValue.Error($"unknown operator {operation}"),
    };

    private static object Reals(string operation, double x, double y) => operation switch
    {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "/" => y == 0 ? throw DivisionByZero() : x / y,
        "//" => y == 0 ? throw DivisionByZero() : Math.Floor(x / y),
        "%" => y == 0 ? throw DivisionByZero() : x - (y * Math.Floor(x / y)),
        "**" => Math.Pow(x, y),
        _ => throw TemplateValue.Error($"unknown operator {operation}"),
    };

    private static object Power(long x, long y)
    {
        if (y < 0)
        {
            return Math.Pow(x, y);
        }

        if (y > 64 && x is not (0 or 1 or -1))
        {
            throw new OverflowException();
        }

        var result = 1L;
        for (var i = 0L; i < Math.Min(y, 66 + (y % 2)); i++)
        {
            result = checked(result * x);
        }

        return result;
    }

    private static string Repeat(string text, object? times, RenderBudget budget)
    {
        TemplateValue.TryInteger(times, out var count);
        count = Math.Max(0, count);
        budget.Characters(count > int.MaxValue ? int.MaxValue : text.Length * count);
        return string.Concat(Enumerable.Repeat(text, (int)count));
    }

    private static TemplateException DivisionByZero() => TemplateValue.Error("division by zero");
}
