using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Fields that the schema does not declare.</summary>
internal static class UnknownFields
{
    /// <returns>Dotted paths such as spec.containers[0].bogus, in the object's order.</returns>
    public static IReadOnlyList<string> Find(ResourceSchema schema, JsonObject obj) => throw new NotImplementedException();
}
