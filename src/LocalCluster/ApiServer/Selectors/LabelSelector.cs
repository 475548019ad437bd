using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Octavo.LocalCluster.ApiServer.Selectors;

/// <summary>A label selector in the query form (`env in (a,b),!old`) or built from a LabelSelector object.</summary>
internal sealed partial class LabelSelector
{
    private const string NameRule =
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
        + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    private const string ValueRule =
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
        + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
        + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    private LabelSelector(IReadOnlyList<LabelRequirement> requirements) => Requirements = requirements;

    public static LabelSelector Everything { get; } = new([]);

    public IReadOnlyList<LabelRequirement> Requirements { get; }

    public bool IsEmpty => Requirements.Count == 0;

    /// <exception cref="FormatException">The text is no selector; the message is the one a real server answers.</exception>
    public static LabelSelector Parse(string? text) =>
        string.IsNullOrWhiteSpace(text) ? Everything : new LabelSelector(new SelectorParser(text).Parse());

    /// <summary>The selector of a LabelSelector object (matchLabels, matchExpressions); null selects nothing.</summary>
    public static LabelSelector? FromObject(JsonNode? selector)
    {
        if (selector is not JsonObject map)
        {
            return null;
        }

        var requirements = new List<LabelRequirement>();
        foreach (var (key, value) in map["matchLabels"] as JsonObject ?? [])
        {
            requirements.Add(new LabelRequirement(key, "=", [value?.ToString() ?? ""]));
        }

        foreach (var expression in map["matchExpressions"] as JsonArray ?? [])
        {
            var values = (expression!["values"] as JsonArray ?? []).Select(v => v!.ToString()).ToList();
            var kind = expression["operator"]?.ToString() switch { "In" => "in", "NotIn" => "notin", "Exists" => "exists", _ => "!" };
            requirements.Add(new LabelRequirement(expression["key"]?.ToString() ?? "", kind, values));
        }

        return new LabelSelector(requirements);
    }

    /// <param name="metadataOwner">An object with metadata.labels.</param>
    public bool Matches(JsonObject metadataOwner) => MatchesLabels(metadataOwner["metadata"]?["labels"] as JsonObject);

    public bool MatchesLabels(JsonObject? labels)
    {
        foreach (var requirement in Requirements)
        {
            if (!requirement.Matches(labels?[requirement.Key]?.ToString()))
            {
                return false;
            }
        }

        return true;
    }

    internal static string? KeyError(string key)
    {
        var slash = key.LastIndexOf('/');
        var name = slash < 0 ? key : key[(slash + 1)..];
        return NamePattern().IsMatch(name) ? null : NameRule;
    }

    internal static string? ValueError(string value) => value.Length == 0 || NamePattern().IsMatch(value) ? null : ValueRule;

    [GeneratedRegex("^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$", RegexOptions.None, 1000)]
    private static partial Regex NamePattern();
}
