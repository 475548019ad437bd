using System.Globalization;
using System.Text.RegularExpressions;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Discovery;

/// <summary>The order in which a group's versions are offered: stable ones first, then beta, then alpha, higher numbers first.</summary>
internal static partial class VersionOrder
{
    public static IReadOnlyList<string> Of(ResourceRegistry registry, string group)
    {
        var versions = registry.All.Where(d => d.Group == group).Select(d => d.Version).Distinct();
        return registry.IsCustomGroup(group) ? [.. versions.OrderBy(Rank)] : [.. versions];
    }

    private static (int Stage, int Major, int Minor, string Name) Rank(string version)
    {
        var match = Pattern().Match(version);
        if (!match.Success)
        {
            return (3, 0, 0, version);
        }

        var stage = match.Groups[2].Value switch { "" => 0, "beta" => 1, _ => 2 };
        return (stage, -Number(match.Groups[1].Value), -Number(match.Groups[3].Value), version);
    }

    private static int Number(string digits) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : 0;

    [GeneratedRegex("^v([0-9]{1,9})(?:(alpha|beta)([0-9]{1,9}))?$", RegexOptions.None, 1000)]
    private static partial Regex Pattern();
}
