using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Patch;

/// <summary>Kubernetes' own patch: lists merge by the keys of the schema, and directives ($patch, $setElementOrder, $retainKeys, $deleteFromPrimitiveList) say the rest.</summary>
internal static class StrategicMergePatch
{
    /// <returns>A new object; <paramref name="target"/> is left alone.</returns>
    /// <exception cref="PatchException">400 or 422 where the patch cannot be read.</exception>
    public static JsonObject Apply(ResourceSchema schema, JsonObject target, JsonNode? patch) => throw new NotImplementedException();
}
