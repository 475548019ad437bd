using System.Text.RegularExpressions;

namespace Octavo.Installation.Tests.Monitoring;

/// <summary>The names in a PromQL expression, told apart by where they stand.</summary>
internal sealed partial record PromQuery(IReadOnlyList<string> Metrics, IReadOnlyList<string> Labels)
{
    private static readonly HashSet<string> Words = new(StringComparer.Ordinal)
    {
        "sum", "max", "min", "avg", "count", "rate", "increase", "histogram_quantile", "vector", "and", "or", "unless", "by", "on", "without", "ignoring",
    };

    public static PromQuery Parse(string expression)
    {
        var labels = new List<string>();
        var rest = Strings().Replace(expression, "\"\"");
        rest = Selectors().Replace(rest, match =>
        {
            labels.AddRange(LabelOfMatcher().Matches(match.Value).Select(m => m.Groups[1].Value));
            return "";
        });
        rest = Groupings().Replace(rest, match =>
        {
            labels.AddRange(Identifiers().Matches(match.Groups[1].Value).Select(m => m.Value));
            return " ";
        });
        rest = Ranges().Replace(rest, "");
        return new PromQuery([.. Identifiers().Matches(rest).Select(m => m.Value).Where(w => !Words.Contains(w)).Distinct(StringComparer.Ordinal)], [.. labels.Distinct(StringComparer.Ordinal)]);
    }

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.None, 1000)]
    private static partial Regex Strings();

    [GeneratedRegex(@"\{[^}]*\}", RegexOptions.None, 1000)]
    private static partial Regex Selectors();

    [GeneratedRegex("([a-zA-Z_]+) *(?:=~|!~|!=|=)", RegexOptions.None, 1000)]
    private static partial Regex LabelOfMatcher();

    [GeneratedRegex(@"\b(?:by|on|without|ignoring) *\(([^)]*)\)", RegexOptions.None, 1000)]
    private static partial Regex Groupings();

    [GeneratedRegex(@"\[[^\]]*\]", RegexOptions.None, 1000)]
    private static partial Regex Ranges();

    [GeneratedRegex(@"(?<![0-9a-zA-Z_:])[a-zA-Z_:][a-zA-Z0-9_:]*", RegexOptions.None, 1000)]
    private static partial Regex Identifiers();
}
