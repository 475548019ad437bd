using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>Reads whole numbers whatever type they were made with: a value made as int does not read as long.</summary>
internal static class JsonNumbers
{
    /// <summary>The number, or null where the node is none.</summary>
    public static long? WholeNumber(this JsonNode? node)
    {
        if (node is not JsonValue value)
        {
            return null;
        }

        if (value.TryGetValue(out long whole))
        {
            return whole;
        }

        if (value.TryGetValue(out int small))
        {
            return small;
        }

        return value.TryGetValue(out double real) && Math.Floor(real) == real ? (long)real : null;
    }
}
