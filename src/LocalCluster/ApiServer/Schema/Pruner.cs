using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Removes fields that the schema does not declare.</summary>
internal static class Pruner
{
    /// <summary>Changes <paramref name="obj"/> in place.</summary>
    public static void Prune(ResourceSchema schema, JsonObject obj) => throw new NotImplementedException();
}
