using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Resources;

namespace Octavo.LocalCluster.ApiServer.Selectors;

/// <summary>A field selector: `metadata.name=a,status.phase!=Running`.</summary>
internal sealed class FieldSelector
{
    private readonly IReadOnlyList<(string Field, bool Equal, string Value)> _terms;

    private FieldSelector(IReadOnlyList<(string Field, bool Equal, string Value)> terms) => _terms = terms;

    public bool IsEmpty => _terms.Count == 0;

    /// <summary>The name that metadata.name= asks for, or null.</summary>
    public string? Name => _terms.FirstOrDefault(t => t is { Field: "metadata.name", Equal: true }).Value;

    /// <exception cref="FormatException">The text is no selector, or names a field that the resource does not select by.</exception>
    public static FieldSelector Parse(string? text, ResourceDefinition resource)
    {
        var terms = new List<(string, bool, string)>();
        foreach (var part in Split(text ?? ""))
        {
            if (part.Length == 0)
            {
                continue;
            }

            var at = part.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw new FormatException($"invalid selector: '{part}'; can't understand '{part}'");
            }

            var equal = part[at - 1] != '!';
            var field = equal ? part[..at] : part[..(at - 1)];
            var value = part[(at + 1)..];
            value = Unescape(equal && value.StartsWith('=') ? value[1..] : value);
            if (field is not ("metadata.name" or "metadata.namespace") && !resource.SelectableFields.Contains(field))
            {
                throw new FormatException(resource.IsCustom || resource.SelectableFields.Count == 0
                    ? $"field label not supported: {field}"
                    : $"field label \"{field}\" not supported for {resource.Kind}");
            }

            terms.Add((field, equal, value));
        }

        return new FieldSelector(terms);
    }

    public bool Matches(JsonObject value)
    {
        foreach (var (field, equal, expected) in _terms)
        {
            if (string.Equals(Read(value, field), expected, StringComparison.Ordinal) != equal)
            {
                return false;
            }
        }

        return true;
    }

    private static string Read(JsonObject value, string field)
    {
        JsonNode? node = value;
        foreach (var part in field.Split('.'))
        {
            node = (node as JsonObject)?[part];
        }

        return node switch
        {
            // An unset flag selects as false, and an event's source by its component.
            null when field is "spec.unschedulable" or "spec.hostNetwork" => "false",
            null when field is "status.replicas" or "status.successful" => "0",
            null => "",
            JsonObject source when field == "source" => source["component"]?.ToString() ?? "",
            _ when node.GetValueKind() is JsonValueKind.True => "true",
            _ when node.GetValueKind() is JsonValueKind.False => "false",
            _ => node.ToString(),
        };
    }

    private static IEnumerable<string> Split(string text)
    {
        var part = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                part.Append(text[i]).Append(text[++i]);
            }
            else if (text[i] == ',')
            {
                yield return part.ToString();
                part.Clear();
            }
            else
            {
                part.Append(text[i]);
            }
        }

        yield return part.ToString();
    }

    private static string Unescape(string value) =>
        value.Replace("\\,", ",", StringComparison.Ordinal).Replace("\\=", "=", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
}
