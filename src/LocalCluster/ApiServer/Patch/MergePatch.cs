using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Patch;

/// <summary>RFC 7386.</summary>
internal static class MergePatch
{
    /// <returns>A new object; <paramref name="target"/> is left alone.</returns>
    /// <exception cref="PatchException">400 where the patch is no object.</exception>
    public static JsonObject Apply(JsonObject target, JsonNode? patch) => throw new NotImplementedException();
}
