using System.Globalization;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>Kubernetes' list library, and the math and sets extensions.</summary>
internal static class CelListFunctions
{
    public static bool TryInvoke(bool method, string name, object?[] values, out object? result)
    {
        result = null;
        return method ? values is [List<object?> list, ..] && TryList(list, name, values, out result)
            : name.StartsWith("sets.", StringComparison.Ordinal) ? TrySets(name, values, out result)
            : name.StartsWith("math.", StringComparison.Ordinal) && TryMath(name, values, out result);
    }

    private static bool TryList(List<object?> list, string name, object?[] values, out object? result)
    {
        result = (name, values.Length) switch
        {
            ("isSorted", 1) => list.Zip(list.Skip(1)).All(p => CelValues.Compare(p.First!, p.Second!) <= 0),
            ("sum", 1) => list.Count == 0 ? 0L : list.Aggregate((a, b) => Plus(a, b)),
            ("min", 1) => Extreme(list, -1),
            ("max", 1) => Extreme(list, 1),
            ("indexOf", 2) => (object)(long)list.FindIndex(i => CelValues.AreEqual(i, values[1])),
            ("lastIndexOf", 2) => (object)(long)list.FindLastIndex(i => CelValues.AreEqual(i, values[1])),
            ("distinct", 1) => list.Aggregate(new List<object?>(), (kept, i) =>
            {
                if (!kept.Exists(k => CelValues.AreEqual(k, i)))
                {
                    kept.Add(i);
                }

                return kept;
            }),
            ("flatten", 1) => list.SelectMany(i => i as List<object?> ?? [i]).ToList(),
            ("reverse", 1) => list.AsEnumerable().Reverse().ToList(),
            ("sort", 1) => list.Order(Comparer<object?>.Create((a, b) => CelValues.Compare(a!, b!))).ToList(),
            ("slice", 3) when values[1] is long from && values[2] is long to => from >= 0 && from <= to && to <= list.Count
                ? list.GetRange((int)from, (int)(to - from)) : throw new CelException("cannot slice: index out of range"),
            ("join", 1) => string.Concat(list.Cast<string>()),
            ("join", 2) when values[1] is string separator => string.Join(separator, list.Cast<string>()),
            ("first", 1) => list.Count == 0 ? CelOptional.None : CelOptional.Of(list[0]),
            ("last", 1) => list.Count == 0 ? CelOptional.None : CelOptional.Of(list[^1]),
            _ => null,
        };
        return result is not null;
    }

    private static object? Plus(object? left, object? right)
    {
        CelOperators.TryApply("+", [left, right], out var sum);
        return sum;
    }

    private static object? Extreme(IReadOnlyList<object?> list, int sign) => list.Count == 0
        ? throw new CelException(sign < 0 ? "min called on empty list" : "max called on empty list")
        : list.Aggregate((a, b) => CelValues.Compare(b!, a!) * sign > 0 ? b : a);

    private static bool TrySets(string name, object?[] values, out object? result)
    {
        result = null;
        if (values is not [List<object?> left, List<object?> right])
        {
            return false;
        }

        bool Within(List<object?> part, List<object?> whole) => part.TrueForAll(p => whole.Exists(w => CelValues.AreEqual(w, p)));
        result = name switch
        {
            "sets.contains" => Within(right, left),
            "sets.equivalent" => Within(left, right) && Within(right, left),
            "sets.intersects" => left.Exists(l => right.Exists(r => CelValues.AreEqual(l, r))),
            _ => null,
        };
        return result is not null;
    }

    private static bool TryMath(string name, object?[] values, out object? result)
    {
        var items = values is [List<object?> list] ? list : values.ToList();
        result = name switch
        {
            "math.greatest" => Extreme(items, 1),
            "math.least" => Extreme(items, -1),
            "math.abs" => values[0] switch { long whole => (object)Math.Abs(whole), double real => Math.Abs(real), ulong natural => natural, _ => throw CelOperators.NoOverload() },
            "math.ceil" when values[0] is double real => Math.Ceiling(real),
            "math.floor" when values[0] is double real => Math.Floor(real),
            "math.round" when values[0] is double real => Math.Round(real, MidpointRounding.AwayFromZero),
            "math.trunc" when values[0] is double real => Math.Truncate(real),
            "math.sign" => values[0] switch { long whole => (object)(long)Math.Sign(whole), double real => (double)Math.Sign(real), _ => throw CelOperators.NoOverload() },
            "math.isNaN" when values[0] is double real => double.IsNaN(real),
            "math.isInf" when values[0] is double real => double.IsInfinity(real),
            "math.isFinite" when values[0] is double real => double.IsFinite(real),
            "math.sqrt" => Math.Sqrt(Convert.ToDouble(values[0], CultureInfo.InvariantCulture)),
            _ => null,
        };
        return result is not null;
    }
}
