using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Octavo.LocalCluster.Tests.ApiServer.Transcripts;

/// <summary>The paths of transcripts: `a.b[0].c`, `a[key=value].c`, `a["dotted.key"]`.</summary>
internal static partial class JsonPaths
{
    /// <returns>False when nothing is there; a null that is there is found.</returns>
    public static bool TryFind(JsonNode? root, string path, out JsonNode? value)
    {
        value = root;
        foreach (Match step in Steps().Matches(path))
        {
            var (quoted, key, wanted, index, plain) = (step.Groups[1], step.Groups[2], step.Groups[3], step.Groups[4], step.Groups[5]);
            if (quoted.Success || plain.Success)
            {
                var name = quoted.Success ? quoted.Value : plain.Value;
                if (value is not JsonObject map || !map.TryGetPropertyValue(name, out value))
                {
                    return false;
                }
            }
            else if (index.Success)
            {
                var at = int.Parse(index.Value, CultureInfo.InvariantCulture);
                if (value is not JsonArray list || at >= list.Count)
                {
                    return false;
                }

                value = list[at];
            }
            else
            {
                value = (value as JsonArray)?.OfType<JsonObject>().FirstOrDefault(o => o[key.Value]?.ToString() == wanted.Value);
                if (value is null)
                {
                    return false;
                }
            }
        }

        return true;
    }

    [GeneratedRegex("""\["([^"]+)"\]|\[([^\]=]+)=([^\]]*)\]|\[(\d+)\]|([^.\[\]]+)""", RegexOptions.None, 1000)]
    private static partial Regex Steps();
}
