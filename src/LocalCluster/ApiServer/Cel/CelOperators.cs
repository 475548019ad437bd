namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>The operators that evaluate both sides.</summary>
internal static class CelOperators
{
    /// <returns>False if the name is no operator.</returns>
    /// <exception cref="CelException">The operator does not take these values.</exception>
    public static bool TryApply(string op, object?[] values, out object? result)
    {
        result = op switch
        {
            "!" => values[0] is bool flag ? !flag : throw NoOverload(),
            "neg" => values[0] switch
            {
                long whole => (object)Checked(() => checked(-whole)),
                double real => -real,
                TimeSpan duration => -duration,
                _ => throw NoOverload(),
            },
            "==" => CelValues.AreEqual(values[0], values[1]),
            "!=" => !CelValues.AreEqual(values[0], values[1]),
            "<" => Order(values) < 0,
            "<=" => Order(values) <= 0,
            ">" => Order(values) > 0,
            ">=" => Order(values) >= 0,
            "in" => Contains(values[1], values[0]),
            "[]" => Index(values[0], values[1]),
            "[?]" => OptionalIndex(values[0], values[1]),
            "+" => Add(values[0], values[1]),
            "-" => Subtract(values[0], values[1]),
            "*" => (values[0], values[1]) switch
            {
                (long a, long b) => (object)Checked(() => checked(a * b)),
                (ulong a, ulong b) => Checked(() => checked(a * b)),
                (double a, double b) => a * b,
                _ => throw NoOverload(),
            },
            "/" => (values[0], values[1]) switch
            {
                (long, 0L) or (ulong, 0UL) => throw new CelException("division by zero"),
                (long a, long b) => (object)Checked(() => checked(a / b)),
                (ulong a, ulong b) => a / b,
                (double a, double b) => a / b,
                _ => throw NoOverload(),
            },
            "%" => (values[0], values[1]) switch
            {
                (long, 0L) or (ulong, 0UL) => throw new CelException("modulus by zero"),
                (long a, long b) => (object)(b == -1 ? 0L : a % b),
                (ulong a, ulong b) => a % b,
                _ => throw NoOverload(),
            },
            _ => null,
        };
        return op is "!" or "neg" or "==" or "!=" or "<" or "<=" or ">" or ">=" or "in" or "[]" or "[?]" or "+" or "-" or "*" or "/" or "%";
    }

    public static CelException NoOverload() => new("no such overload");

    private static int Order(object?[] values) => CelValues.Compare(values[0] ?? throw NoOverload(), values[1] ?? throw NoOverload());

    private static bool Contains(object? container, object? item) => container switch
    {
        List<object?> list => list.Exists(i => CelValues.AreEqual(i, item)),
        Dictionary<object, object?> map => item is not null && CelValues.TryGet(map, item, out _),
        _ => throw NoOverload(),
    };

    private static object? Index(object? container, object? index) => container switch
    {
        List<object?> list => Position(index) is var i && i >= 0 && i < list.Count ? list[(int)i] : throw new CelException($"index out of bounds: {CelValues.Print(index)}"),
        Dictionary<object, object?> map => index is not null && CelValues.TryGet(map, index, out var value) ? value : throw new CelException($"no such key: {CelValues.Print(index)}"),
        CelOptional optional => OptionalIndex(optional, index),
        _ => throw NoOverload(),
    };

    private static CelOptional OptionalIndex(object? container, object? index)
    {
        switch (container)
        {
            case CelOptional { HasValue: false }:
                return CelOptional.None;
            case CelOptional { Value: var inner }:
                return OptionalIndex(inner, index);
            case List<object?> list:
                return Position(index) is var i && i >= 0 && i < list.Count ? CelOptional.Of(list[(int)i]) : CelOptional.None;
            case Dictionary<object, object?> map:
                return index is not null && CelValues.TryGet(map, index, out var value) ? CelOptional.Of(value) : CelOptional.None;
            default:
                throw NoOverload();
        }
    }

    private static long Position(object? index) => index switch
    {
        long whole => whole,
        ulong natural when natural <= long.MaxValue => (long)natural,
        double real when Math.Floor(real) == real => (long)real,
        _ => throw NoOverload(),
    };

    private static object Add(object? left, object? right) => (left, right) switch
    {
        (long a, long b) => (object)Checked(() => checked(a + b)),
        (ulong a, ulong b) => Checked(() => checked(a + b)),
        (double a, double b) => a + b,
        (string a, string b) => a + b,
        (byte[] a, byte[] b) => a.Concat(b).ToArray(),
        (List<object?> a, List<object?> b) => a.Concat(b).ToList(),
        (TimeSpan a, TimeSpan b) => Checked(() => a + b),
        (DateTimeOffset a, TimeSpan b) => Checked(() => a + b),
        (TimeSpan a, DateTimeOffset b) => Checked(() => b + a),
        _ => throw NoOverload(),
    };

    private static object Subtract(object? left, object? right) => (left, right) switch
    {
        (long a, long b) => (object)Checked(() => checked(a - b)),
        (ulong a, ulong b) => Checked(() => checked(a - b)),
        (double a, double b) => a - b,
        (TimeSpan a, TimeSpan b) => Checked(() => a - b),
        (DateTimeOffset a, DateTimeOffset b) => a - b,
        (DateTimeOffset a, TimeSpan b) => Checked(() => a - b),
        _ => throw NoOverload(),
    };

    private static T Checked<T>(Func<T> compute)
    {
        try
        {
            return compute();
        }
        catch (Exception e) when (e is OverflowException or ArgumentOutOfRangeException)
        {
            throw new CelException("integer overflow");
        }
    }
}
