using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Fills what the writer left out, as decoding and defaulting do in the real server.</summary>
internal static class Defaulter
{
    /// <summary>Changes <paramref name="obj"/> in place.</summary>
    /// <param name="schema">The schema of the object's kind and version.</param>
    public static void Apply(ResourceSchema schema, JsonObject obj) => throw new NotImplementedException();
}
