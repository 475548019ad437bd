using System.Text;

namespace Octavo.Metrics.Prometheus;

/// <summary>Maps instrument and tag names to names that Prometheus accepts. Legal names, colons included, are kept as they are.</summary>
public static class MetricName
{
    /// <summary>Family name: <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>; a counter gets <c>_total</c> unless it has it.</summary>
    public static string ForInstrument(string name, MetricType type)
    {
        var legal = Map(name, allowColon: true);
        return type == MetricType.Counter && !legal.EndsWith("_total", StringComparison.Ordinal) ? legal + "_total" : legal;
    }

    /// <summary>Label name: <c>[a-zA-Z_][a-zA-Z0-9_]*</c>; two leading underscores are reserved by Prometheus and become one.</summary>
    public static string ForLabel(string name)
    {
        var legal = Map(name, allowColon: false);
        return legal.StartsWith("__", StringComparison.Ordinal) ? "_" + legal.TrimStart('_') : legal;
    }

    private static string Map(string name, bool allowColon)
    {
        if (name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => IsLegal(c, allowColon)))
        {
            return name;
        }

        var mapped = new StringBuilder(name.Length + 1);
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            mapped.Append('_');
        }

        foreach (var c in name)
        {
            mapped.Append(IsLegal(c, allowColon) ? c : '_');
        }

        return mapped.ToString();
    }

    private static bool IsLegal(char c, bool allowColon) => char.IsAsciiLetterOrDigit(c) || c == '_' || (allowColon && c == ':');
}
