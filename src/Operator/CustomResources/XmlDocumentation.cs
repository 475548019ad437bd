using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Octavo.Operator.CustomResources;

/// <summary>Summaries of types and properties, read from the documentation files that the compiler leaves beside the assemblies.</summary>
internal sealed partial class XmlDocumentation
{
    private readonly Dictionary<string, Dictionary<string, string>> summariesByAssembly = new(StringComparer.Ordinal);

    /// <summary>The summary in one line, or null where the type has none or is not ours.</summary>
    /// <exception cref="FileNotFoundException">The assembly's documentation file is missing: descriptions would vanish silently.</exception>
    public string? SummaryOf(Type type) =>
        type.Namespace?.StartsWith("Octavo.", StringComparison.Ordinal) == true ? Find(type.Assembly, $"T:{NameOf(type)}") : null;

    /// <summary>The summary in one line, or null where the property has none.</summary>
    public string? SummaryOf(PropertyInfo property) => Find(property.DeclaringType!.Assembly, $"P:{NameOf(property.DeclaringType)}.{property.Name}");

    private static string NameOf(Type type) => type.FullName!.Replace('+', '.');

    private string? Find(Assembly assembly, string member)
    {
        if (!summariesByAssembly.TryGetValue(assembly.Location, out var summaries))
        {
            summaries = Read(Path.ChangeExtension(assembly.Location, ".xml"));
            summariesByAssembly.Add(assembly.Location, summaries);
        }

        return summaries.GetValueOrDefault(member);
    }

    private static Dictionary<string, string> Read(string path)
    {
        var members = XDocument.Load(path).Descendants("member");
        return members
            .Where(m => m.Element("summary") is not null)
            .ToDictionary(m => m.Attribute("name")!.Value, m => Flatten(m.Element("summary")!), StringComparer.Ordinal);
    }

    private static string Flatten(XElement summary)
    {
        var text = new StringBuilder();
        foreach (var node in summary.DescendantNodes())
        {
            switch (node)
            {
                case XText words:
                    text.Append(words.Value);
                    break;
                case XElement { Name.LocalName: "see" } see:
                    text.Append(see.Attribute("langword")?.Value ?? JsonNameOf(see.Attribute("cref")?.Value));
                    break;
                case XElement { Name.LocalName: "para" }:
                    text.Append(' ');
                    break;
            }
        }

        return Whitespace().Replace(text.ToString(), " ").Trim();
    }

    private static string JsonNameOf(string? cref)
    {
        var name = cref?[(cref.LastIndexOf('.') + 1)..] ?? "";
        return cref?.StartsWith("P:", StringComparison.Ordinal) == true ? System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name) : name;
    }

    [GeneratedRegex(@"\s+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Whitespace();
}
