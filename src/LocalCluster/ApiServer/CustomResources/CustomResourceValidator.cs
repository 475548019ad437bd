using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>Validates objects of custom kinds, and the definitions themselves.</summary>
internal static class CustomResourceValidator
{
    /// <summary>What is wrong with a CustomResourceDefinition after defaulting.</summary>
    public static IReadOnlyList<FieldError> ValidateDefinition(JsonObject definition, JsonObject? old) => throw new NotImplementedException();
}
