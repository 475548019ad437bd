using Octavo.Operator.Controller;

namespace Octavo.Operator.Integrations;

/// <summary>The one finding of several optional objects.</summary>
internal static class OptionalFindings
{
    /// <summary>The first that is not as wanted, else that all are; null where none is wanted.</summary>
    public static Finding? Of(params ReadOnlySpan<Finding?> findings)
    {
        var there = new List<string>();
        Finding? missing = null;
        foreach (var finding in findings)
        {
            if (finding is { Status: true })
            {
                there.Add(finding.Message);
            }
            else
            {
                missing ??= finding;
            }
        }

        return missing ?? (there.Count == 0 ? null : new Finding(true, "Applied", string.Join(' ', there)));
    }
}
