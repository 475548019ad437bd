using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>The OpenAPI v3 document of a group version that custom resource definitions serve.</summary>
internal static class CustomResourceOpenApi
{
    /// <param name="group">The group.</param>
    /// <param name="version">A served version of it.</param>
    /// <param name="definitions">The established definitions of the group that serve the version.</param>
    /// <param name="metaComponents">components.schemas of any built-in document, for the meta.v1 types.</param>
    public static JsonObject Build(string group, string version, IEnumerable<JsonObject> definitions, JsonObject metaComponents) => throw new NotImplementedException();
}
