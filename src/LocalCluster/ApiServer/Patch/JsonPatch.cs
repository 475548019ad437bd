using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Patch;

/// <summary>RFC 6902, with the quirks of the library that the real server uses.</summary>
internal static class JsonPatch
{
    /// <returns>A new object; <paramref name="target"/> is left alone.</returns>
    /// <exception cref="PatchException">400 for a document that is not an array, 413 for too many operations, 422 for one that fails.</exception>
    public static JsonObject Apply(JsonObject target, JsonNode? patch) => throw new NotImplementedException();
}
