using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Cel;

/// <summary>
/// Values of expressions are plain .NET ones: null, bool, long, ulong, double, string, byte[], TimeSpan, DateTimeOffset,
/// <see cref="ResourceQuantity"/>, <see cref="Uri"/>, <see cref="CelOptional"/>, List of values, and Dictionary from key to value.
/// </summary>
internal static class CelValues
{
    private static readonly HashSet<string> Keywords = new(StringComparer.Ordinal)
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while",
    };

    /// <summary>Reads JSON with its schema: formats give typed values, numbers are double where the schema says so, names are escaped.</summary>
    public static object? From(JsonNode? node, ResourceSchema schema)
    {
        switch (node)
        {
            case JsonObject obj:
                var map = new Dictionary<object, object?>();
                foreach (var (name, value) in obj)
                {
                    map[schema.Properties.ContainsKey(name) ? Escape(name) : name] = From(value, schema.Field(name) ?? ResourceSchema.Any);
                }

                return map;
            case JsonArray list:
                return list.Select(i => From(i, schema.Items ?? ResourceSchema.Any)).ToList();
            default:
                return Scalar(node, schema);
        }
    }

    /// <summary>The name of a property in expressions: what is no identifier is escaped with underscores.</summary>
    public static string Escape(string name)
    {
        if (Keywords.Contains(name))
        {
            return $"__{name}__";
        }

        var text = new StringBuilder();
        for (var i = 0; i < name.Length; i++)
        {
            switch (name[i])
            {
                case '_' when i + 1 < name.Length && name[i + 1] == '_':
                    text.Append("__underscores__");
                    i++;
                    break;
                case '.':
                    text.Append("__dot__");
                    break;
                case '-':
                    text.Append("__dash__");
                    break;
                case '/':
                    text.Append("__slash__");
                    break;
                default:
                    text.Append(name[i]);
                    break;
            }
        }

        return text.ToString();
    }

    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (null, null) => true,
        (byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b),
        (List<object?> a, List<object?> b) => a.Count == b.Count && a.Zip(b).All(p => AreEqual(p.First, p.Second)),
        (Dictionary<object, object?> a, Dictionary<object, object?> b) => a.Count == b.Count && a.All(p => TryGet(b, p.Key, out var other) && AreEqual(p.Value, other)),
        (ResourceQuantity a, ResourceQuantity b) => a.CompareTo(b) == 0,
        _ when IsNumber(left) && IsNumber(right) => Compare(left!, right!) == 0,
        _ => Equals(left, right),
    };

    public static bool IsNumber(object? value) => value is long or ulong or double;

    /// <exception cref="CelException">The values have no order.</exception>
    public static int Compare(object left, object right)
    {
        switch (left, right)
        {
            case (long a, long b): return a.CompareTo(b);
            case (ulong a, ulong b): return a.CompareTo(b);
            case (long a, ulong b): return a < 0 ? -1 : ((ulong)a).CompareTo(b);
            case (ulong a, long b): return b < 0 ? 1 : a.CompareTo((ulong)b);
            case (double a, _) when IsNumber(right): return a.CompareTo(Convert.ToDouble(right, CultureInfo.InvariantCulture));
            case (_, double b) when IsNumber(left): return Convert.ToDouble(left, CultureInfo.InvariantCulture).CompareTo(b);
            case (string a, string b): return Math.Sign(string.CompareOrdinal(a, b));
            case (bool a, bool b): return a.CompareTo(b);
            case (TimeSpan a, TimeSpan b): return a.CompareTo(b);
            case (DateTimeOffset a, DateTimeOffset b): return a.CompareTo(b);
            case (ResourceQuantity a, ResourceQuantity b): return a.CompareTo(b);
            case (byte[] a, byte[] b): return a.AsSpan().SequenceCompareTo(b);
            default: throw new CelException("no such overload");
        }
    }

    public static bool TryGet(Dictionary<object, object?> map, object key, out object? value)
    {
        if (map.TryGetValue(key, out value))
        {
            return true;
        }

        var other = key switch
        {
            ulong and <= long.MaxValue => (long)(ulong)key,
            long and >= 0 => (ulong)(long)key,
            double real when Math.Floor(real) == real && Math.Abs(real) < 9e18 => (object)(long)real,
            _ => null,
        };
        return other is not null && map.TryGetValue(other, out value);
    }

    public static string TypeName(object? value) => value switch
    {
        null => "null_type",
        bool => "bool",
        long => "int",
        ulong => "uint",
        double => "double",
        string => "string",
        byte[] => "bytes",
        TimeSpan => "google.protobuf.Duration",
        DateTimeOffset => "google.protobuf.Timestamp",
        List<object?> => "list",
        Dictionary<object, object?> => "map",
        ResourceQuantity => "kubernetes.Quantity",
        Uri => "kubernetes.URL",
        CelOptional => "optional_type",
        _ => "dyn",
    };

    public static string Print(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => text,
        double real => real.ToString("R", CultureInfo.InvariantCulture),
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        TimeSpan duration => duration.TotalSeconds.ToString("0.#########", CultureInfo.InvariantCulture) + "s",
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        List<object?> list => "[" + string.Join(", ", list.Select(Print)) + "]",
        Dictionary<object, object?> map => "{" + string.Join(", ", map.OrderBy(p => Print(p.Key), StringComparer.Ordinal).Select(p => $"{Print(p.Key)}: {Print(p.Value)}")) + "}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static object? Scalar(JsonNode? node, ResourceSchema schema)
    {
        switch (node.Kind())
        {
            case JsonValueKind.String:
                var text = node.AsText()!;
                return schema.Format switch
                {
                    "date-time" when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time,
                    "date" when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) => day,
                    "duration" when FormatChecker.TryDuration(text, out var duration) => duration,
                    "byte" => Convert.TryFromBase64String(text, new byte[text.Length], out _) ? Convert.FromBase64String(text) : text,
                    _ => text,
                };
            case JsonValueKind.Number:
                return schema.Type != "number" && node.AsWhole() is { } whole ? (object)whole : node!.AsNumber();
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            default:
                return null;
        }
    }
}
