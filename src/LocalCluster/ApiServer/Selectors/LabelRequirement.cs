using System.Globalization;

namespace Octavo.LocalCluster.ApiServer.Selectors;

/// <summary>One requirement of a label selector, such as `env notin (a, b)`.</summary>
/// <param name="Operator">`=`, `!=`, `in`, `notin`, `exists`, `!`, `gt` or `lt`.</param>
internal sealed record LabelRequirement(string Key, string Operator, IReadOnlyList<string> Values)
{
    /// <param name="value">The label's value, or null when it is absent.</param>
    public bool Matches(string? value) => Operator switch
    {
        "exists" => value is not null,
        "!" => value is null,
        "=" or "in" => value is not null && Values.Contains(value),
        "!=" or "notin" => value is null || !Values.Contains(value),
        "gt" => Compare(value) > 0,
        "lt" => Compare(value) < 0,
        _ => false,
    };

    private int Compare(string? value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var left)
        && long.TryParse(Values[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var right)
            ? left.CompareTo(right)
            : 0;
}
