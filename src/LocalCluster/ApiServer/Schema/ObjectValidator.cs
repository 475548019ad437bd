using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Schema;

/// <summary>Says what is wrong with an object that was decoded and defaulted.</summary>
internal static class ObjectValidator
{
    /// <param name="kind">The object's Kind as the URL gives it.</param>
    /// <param name="schema">The schema of that kind.</param>
    /// <param name="obj">The object after defaulting.</param>
    /// <param name="old">The stored object on update; null on create.</param>
    /// <returns>The causes of the 422, none if the object is valid.</returns>
    public static IReadOnlyList<FieldError> Validate(string kind, ResourceSchema schema, JsonObject obj, JsonObject? old) => throw new NotImplementedException();
}
