using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Finds values that do not fit the Go struct of a built-in kind, which the real server refuses while decoding (400).</summary>
internal static class TypeChecker
{
    /// <returns>The decoder's sentence, to be prefixed with 'Pod in version "v1" cannot be handled as a Pod: '; null where all types fit or the kind is a custom one.</returns>
    public static string? FindError(ResourceSchema schema, JsonObject obj) => throw new NotImplementedException();
}
