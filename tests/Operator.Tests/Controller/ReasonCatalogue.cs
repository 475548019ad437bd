using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Octavo.TestSupport;

namespace Octavo.Operator.Tests.Controller;

/// <summary>The conditions and reasons that docs/operating.md explains: rows that begin with a type, a heading's or the row's own, and reasons in code quotes.</summary>
internal static partial class ReasonCatalogue
{
    private static readonly Lazy<HashSet<string>> Words = new(() =>
        [.. Word().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "operating.md"))).Select(m => m.Groups[1].Value)]);

    /// <summary>Types and reasons of a status that a person at 3 a.m. would look for in vain.</summary>
    public static IEnumerable<string> Unexplained(JsonObject service)
    {
        foreach (var condition in (service["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>())
        {
            foreach (var word in new[] { (string?)condition["type"], (string?)condition["reason"] }.OfType<string>().Where(w => !Words.Value.Contains(w)))
            {
                yield return $"docs/operating.md does not explain {word} (condition {condition["type"]}): add it there";
            }
        }
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]+)`", RegexOptions.None, 10_000)]
    private static partial Regex Word();
}
