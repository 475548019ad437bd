using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.Tests.ApiServer.Patch;

/// <summary>Documents without nulls, from a seed.</summary>
internal static class RandomJson
{
    private static readonly string[] Names = ["a", "b", "c/d", "e~f", "", "é"];

    public static JsonObject Object(int seed) => Object(new Random(seed), 3);

    private static JsonObject Object(Random random, int depth)
    {
        var result = new JsonObject();
        foreach (var name in Names.Where(_ => random.Next(2) == 0))
        {
            result[name] = Value(random, depth - 1);
        }

        return result;
    }

    private static JsonNode Value(Random random, int depth) => random.Next(depth > 0 ? 6 : 4) switch
    {
        0 => random.Next(3),
        1 => random.Next(2) == 0,
        2 => Names[random.Next(Names.Length)],
        3 => random.Next(5) / 2.0,
        4 => new JsonArray(Enumerable.Range(0, random.Next(3)).Select(_ => (JsonNode?)Value(random, depth - 1)).ToArray()),
        _ => Object(random, depth),
    };
}
