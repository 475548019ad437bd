using System.Globalization;
using System.Text;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>Finds the function of a call: conversions here, strings, lists and Kubernetes' own libraries in their files.</summary>
internal static class CelFunctions
{
    private static readonly HashSet<string> Namespaces = new(StringComparer.Ordinal) { "math", "sets", "optional", "format", "base64" };

    /// <summary>Identifiers that name types.</summary>
    public static IReadOnlySet<string> TypeNames { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type",
    };

    public static bool IsNamespace(string name) => Namespaces.Contains(name);

    public static string TypeOf(string name) => name;

    /// <param name="evaluator">Pays for the work.</param>
    /// <param name="receiver">The value before the dot; null for a plain function.</param>
    /// <exception cref="CelException">No such function, or it refuses its arguments.</exception>
    public static object? Invoke(CelEvaluator evaluator, CelReceiver? receiver, string name, object?[] arguments)
    {
        object?[] all = receiver is null ? arguments : [receiver.Value, .. arguments];
        evaluator.Spend(all.Sum(Size));
        try
        {
            if (TryConvert(receiver is not null, name, all, out var result)
                || CelStringFunctions.TryInvoke(receiver is not null, name, all, out result)
                || CelListFunctions.TryInvoke(receiver is not null, name, all, out result)
                || CelTimeFunctions.TryInvoke(receiver is not null, name, all, out result)
                || CelKubernetesFunctions.TryInvoke(receiver is not null, name, all, out result))
            {
                evaluator.Spend(Size(result));
                return result;
            }
        }
        catch (Exception e) when (e is OverflowException or FormatException or ArgumentException)
        {
            throw new CelException(e is OverflowException ? "integer overflow" : e.Message);
        }

        throw new CelException("no such overload");
    }

    /// <summary>What a value costs to look at: a tenth of a unit a character, one an item.</summary>
    private static long Size(object? value) => value switch
    {
        string text => (text.Length / 10) + 1,
        byte[] bytes => (bytes.Length / 10) + 1,
        List<object?> list => list.Count + 1,
        Dictionary<object, object?> map => map.Count + 1,
        _ => 1,
    };

    private static bool TryConvert(bool method, string name, object?[] values, out object? result)
    {
        result = null;
        if (method)
        {
            switch (name, values)
            {
                case ("hasValue", [CelOptional optional]):
                    result = optional.HasValue;
                    return true;
                case ("value", [CelOptional optional]):
                    result = optional.HasValue ? optional.Value : throw new CelException("optional.none() dereference");
                    return true;
                case ("size", [_]):
                    result = SizeOf(values[0]);
                    return true;
                default:
                    return false;
            }
        }

        switch (name, values)
        {
            case ("dyn", [_]):
                result = values[0];
                return true;
            case ("type", [_]):
                result = new CelType(CelValues.TypeName(values[0]));
                return true;
            case ("size", [_]):
                result = SizeOf(values[0]);
                return true;
            case ("int", [_]):
                result = ToInt(values[0]);
                return true;
            case ("uint", [_]):
                result = values[0] switch
                {
                    ulong natural => natural,
                    long whole => checked((ulong)whole),
                    double real => checked((ulong)Math.Truncate(real)),
                    string text => ulong.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture),
                    _ => throw CelOperators.NoOverload(),
                };
                return true;
            case ("double", [_]):
                result = values[0] switch
                {
                    double real => real,
                    long whole => (double)whole,
                    ulong natural => (double)natural,
                    string text => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
                    _ => throw CelOperators.NoOverload(),
                };
                return true;
            case ("string", [not null]):
                result = values[0] is List<object?> or Dictionary<object, object?> ? throw CelOperators.NoOverload() : CelValues.Print(values[0]);
                return true;
            case ("bool", [_]):
                result = values[0] switch
                {
                    bool flag => flag,
                    "true" or "True" or "TRUE" or "t" or "1" => true,
                    "false" or "False" or "FALSE" or "f" or "0" => false,
                    _ => throw new CelException("type conversion error"),
                };
                return true;
            case ("bytes", [string text]):
                result = Encoding.UTF8.GetBytes(text);
                return true;
            case ("duration", [_]):
                result = values[0] switch
                {
                    TimeSpan duration => duration,
                    string text when FormatChecker.TryDuration(text, out var parsed) => parsed,
                    _ => throw new CelException($"time: invalid duration {JsonValues.Quote(CelValues.Print(values[0]))}"),
                };
                return true;
            case ("timestamp", [_]):
                result = values[0] switch
                {
                    DateTimeOffset time => time,
                    long seconds => DateTimeOffset.FromUnixTimeSeconds(seconds),
                    string text when FormatChecker.IsDateTime(text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                    _ => throw new CelException("invalid timestamp"),
                };
                return true;
            case ("optional.of", [_]):
                result = CelOptional.Of(values[0]);
                return true;
            case ("optional.none", []):
                result = CelOptional.None;
                return true;
            case ("optional.ofNonZeroValue", [_]):
                result = values[0] is null or false or 0L or 0UL or 0.0 or "" or List<object?> { Count: 0 } or Dictionary<object, object?> { Count: 0 } ? CelOptional.None : CelOptional.Of(values[0]);
                return true;
            default:
                return false;
        }
    }

    private static long ToInt(object? value) => value switch
    {
        long whole => whole,
        ulong natural => checked((long)natural),
        double real => Math.Abs(real) < 9.2e18 ? (long)Math.Truncate(real) : throw new OverflowException(),
        string text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) ? parsed
            : throw new CelException($"strconv.ParseInt: parsing {JsonValues.Quote(text)}: invalid syntax"),
        DateTimeOffset time => time.ToUnixTimeSeconds(),
        TimeSpan duration => (long)duration.TotalSeconds,
        _ => throw CelOperators.NoOverload(),
    };

    private static long SizeOf(object? value) => value switch
    {
        string text => text.EnumerateRunes().Count(),
        byte[] bytes => bytes.Length,
        List<object?> list => list.Count,
        Dictionary<object, object?> map => map.Count,
        _ => throw CelOperators.NoOverload(),
    };
}
