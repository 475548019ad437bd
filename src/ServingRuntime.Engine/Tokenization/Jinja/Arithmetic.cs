using System.Numerics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Python's operators between two values.</summary>
internal static class Arithmetic
{
    public static object? Apply(string operation, object? left, object? right, RenderBudget budget)
    {
        if (PythonNumber.IsNumber(left) && PythonNumber.IsNumber(right))
        {
            return left is double || right is double || operation == "/" || (operation == "**" && PythonNumber.Big(right).Sign < 0)
                ? Reals(operation, left, right)
                : Integers(operation, left!, right!);
        }

        switch (operation, left, right)
        {
            case ("~", _, _):
                var (first, second) = (TemplateText.Of(left), TemplateText.Of(right));
                budget.Characters((long)first.Length + second.Length);
                return first + second;
            case ("+", SafeText or string, SafeText or string) when left is SafeText || right is SafeText:
                return new SafeText(budget.Checked(Escaped(left) + Escaped(right)));
            case ("+", string a, string b):
                budget.Characters((long)a.Length + b.Length);
                return a + b;
            case ("+", List<object?> a, List<object?> b):
                budget.Characters(16L * (a.Count + b.Count));
                return a.Concat(b).ToList();
            case ("+", TemplateTuple a, TemplateTuple b):
                budget.Characters(16L * (a.Items.Count + b.Items.Count));
                return new TemplateTuple([.. a.Items, .. b.Items]);
            case ("*", _, _) when PythonNumber.IsInteger(right) && left is string or SafeText or List<object?> or TemplateTuple:
                return Repeat(left, right!, budget);
            case ("*", _, _) when PythonNumber.IsInteger(left) && right is string or SafeText or List<object?> or TemplateTuple:
                return Repeat(right, left!, budget);
            case ("%", string text, _):
                return new TextFormatter(budget).Percent(text, right);
            case ("%", SafeText, _):
                throw TemplateValue.Error("formatting a text marked safe by % is not supported");
            case ("-", TemplateView, TemplateView):
                throw TemplateValue.Error("differences of keys() or items() are not supported");
            default:
                throw (left as Undefined)?.Error() ?? (right as Undefined)?.Error()
                    ?? TemplateValue.Error($"unsupported operands for {operation}: {TemplateValue.TypeName(left)} and {TemplateValue.TypeName(right)}");
        }
    }

    public static object Negate(object? value) => value switch
    {
        double real => -real,
        long or bool or BigInteger => PythonNumber.Integer(-PythonNumber.Big(value)),
        _ => throw (value as Undefined)?.Error() ?? TemplateValue.Error($"bad operand for unary -: {TemplateValue.TypeName(value)}"),
    };

    public static object Absolute(object? value) => value is double real ? Math.Abs(real)
        : PythonNumber.IsInteger(value) ? PythonNumber.Integer(BigInteger.Abs(PythonNumber.Big(value)))
        : throw (value as Undefined)?.Error() ?? TemplateValue.Error($"'{TemplateValue.TypeName(value)}' is no number");

    private static string Escaped(object? value) => value is SafeText safe ? safe.Text : SafeText.Escape((string)value!);

    private static object Integers(string operation, object left, object right)
    {
        if (PythonNumber.TrySmall(left, out var x) && PythonNumber.TrySmall(right, out var y))
        {
            switch (operation)
            {
                case "+":
                    return PythonNumber.Integer((Int128)x + y);
                case "-":
                    return PythonNumber.Integer((Int128)x - y);
                case "*":
                    return PythonNumber.Integer((Int128)x * y);
                case "~":
                    return TemplateText.Of(left) + TemplateText.Of(right);
            }
        }

        var (a, b) = (PythonNumber.Big(left), PythonNumber.Big(right));
        switch (operation)
        {
            case "+":
                return PythonNumber.Integer(a + b);
            case "-":
                return PythonNumber.Integer(a - b);
            case "*":
                return PythonNumber.Integer(a * b);
            case "~":
                return TemplateText.Of(left) + TemplateText.Of(right);
            case "**":
                if (b > int.MaxValue || BigInteger.Abs(a) > 1 && (a.GetBitLength() - 1) * b > PythonNumber.MaxBits)
                {
                    return BigInteger.Abs(a) > 1 ? throw new TemplateException(TemplateFault.Limit, "the result of ** is too large")
                        : PythonNumber.Integer(a.Sign < 0 && b.IsEven ? 1 : a);
                }

                return PythonNumber.Integer(BigInteger.Pow(a, (int)b));
            case "//" or "%":
                if (b.IsZero)
                {
                    throw DivisionByZero();
                }

                var quotient = BigInteger.DivRem(a, b, out var rest);
                var down = !rest.IsZero && rest.Sign != b.Sign;
                return PythonNumber.Integer(operation == "%" ? (down ? rest + b : rest) : down ? quotient - 1 : quotient);
            default:
                throw TemplateValue.Error($"unknown operator {operation}");
        }
    }

    private static object Reals(string operation, object? left, object? right)
    {
        if (operation == "~")
        {
            return TemplateText.Of(left) + TemplateText.Of(right);
        }

        if (operation == "/" && PythonNumber.IsInteger(left) && PythonNumber.IsInteger(right))
        {
            return Divide(PythonNumber.Big(left), PythonNumber.Big(right));
        }

        var (x, y) = (PythonNumber.Float(left), PythonNumber.Float(right));
        return operation switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => y == 0 ? throw DivisionByZero() : x / y,
            "//" => y == 0 ? throw DivisionByZero() : FloorDivide(x, y).Quotient,
            "%" => y == 0 ? throw DivisionByZero() : FloorDivide(x, y).Remainder,
            "**" => Power(x, y),
            _ => throw TemplateValue.Error($"unknown operator {operation}"),
        };
    }

    /// <summary>The nearest float to a quotient of integers, also of those that are no floats themselves.</summary>
    private static object Divide(BigInteger x, BigInteger y)
    {
        if (y.IsZero)
        {
            throw DivisionByZero();
        }

        if (BigInteger.Abs(x).GetBitLength() <= 53 && BigInteger.Abs(y).GetBitLength() <= 53)
        {
            return (double)x / (double)y;
        }

        // 62 or 63 bits of the quotient, the last one sticky: more than enough for the one rounding of the conversion.
        var shift = (int)(62 - (BigInteger.Abs(x).GetBitLength() - BigInteger.Abs(y).GetBitLength()));
        var quotient = BigInteger.DivRem(shift >= 0 ? BigInteger.Abs(x) << shift : BigInteger.Abs(x), shift >= 0 ? BigInteger.Abs(y) : BigInteger.Abs(y) << -shift, out var rest);
        var kept = (ulong)quotient | (rest.IsZero ? 0UL : 1UL);
        var result = Math.ScaleB((double)kept, -shift);
        return double.IsFinite(result) ? (x.Sign < 0) != (y.Sign < 0) ? -result : result : throw TemplateValue.Error("the quotient is too large for a float");
    }

    /// <summary>CPython's float_divmod: the rest has the sign of the divisor.</summary>
    private static (double Quotient, double Remainder) FloorDivide(double x, double y)
    {
        var rest = x % y;
        var quotient = (x - rest) / y;
        if (rest != 0)
        {
            if ((y < 0) != (rest < 0))
            {
                rest += y;
                quotient -= 1;
            }
        }
        else
        {
            rest = Math.CopySign(0, y);
        }

        if (quotient == 0)
        {
            return (Math.CopySign(0, x / y), rest);
        }

        var floor = Math.Floor(quotient);
        return (quotient - floor > 0.5 ? floor + 1 : floor, rest);
    }

    private static object Power(double x, double y)
    {
        if (x == 0 && y < 0)
        {
            throw DivisionByZero();
        }

        if (x < 0 && double.IsFinite(x) && double.IsFinite(y) && y != Math.Floor(y))
        {
            throw TemplateValue.Error("a root of a negative number is complex, which is not supported");
        }

        var result = Math.Pow(x, y);
        return double.IsInfinity(result) && double.IsFinite(x) && double.IsFinite(y) ? throw TemplateValue.Error("the result of ** is too large") : result;
    }

    private static object? Repeat(object? value, object times, RenderBudget budget)
    {
        var count = BigInteger.Max(0, PythonNumber.Big(times));
        var size = value switch { string text => text.Length, SafeText safe => safe.Text.Length, List<object?> list => 16L * list.Count, _ => 16L * ((TemplateTuple)value!).Items.Count };
        budget.Characters(size == 0 ? 0 : count > int.MaxValue / size ? int.MaxValue : size * (long)count);
        var repetitions = size == 0 ? 0 : (int)count;
        return value switch
        {
            string text => string.Concat(Enumerable.Repeat(text, repetitions)),
            SafeText safe => new SafeText(string.Concat(Enumerable.Repeat(safe.Text, repetitions))),
            List<object?> list => Enumerable.Repeat(list, repetitions).SelectMany(items => items).ToList(),
            _ => new TemplateTuple([.. Enumerable.Repeat(((TemplateTuple)value!).Items, repetitions).SelectMany(items => items)]),
        };
    }

    private static TemplateException DivisionByZero() => TemplateValue.Error("division by zero");
}
