using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>Keeps metadata.managedFields and merges applied configurations.</summary>
internal static class FieldManager
{
    /// <summary>Merges an applied configuration. Neither argument is changed.</summary>
    /// <param name="schema">The schema of the kind at <paramref name="apiVersion"/>.</param>
    /// <param name="live">The stored object; null when the apply creates it.</param>
    /// <param name="applied">The configuration as the client sent it, not defaulted.</param>
    /// <param name="subresource">"" for the main endpoint, else status or scale.</param>
    public static ApplyOutcome Apply(ResourceSchema schema, JsonObject? live, JsonObject applied, string manager, bool force, string subresource, string apiVersion, DateTimeOffset now) =>
        throw new NotImplementedException();

    /// <summary>Records in <paramref name="updated"/> (in place) what a create, put or patch changed. Call it after defaulting and before allocation and admission.</summary>
    /// <param name="old">The stored object; null on create.</param>
    public static void TrackUpdate(ResourceSchema schema, JsonObject? old, JsonObject updated, string manager, string subresource, string apiVersion, DateTimeOffset now) =>
        throw new NotImplementedException();

    /// <summary>Records in <paramref name="updated"/> (in place) that the scale subresource moved the replicas.</summary>
    /// <param name="replicasPath">The dotted path in the scaled object, such as .spec.replicas.</param>
    public static void TrackScale(ResourceSchema schema, JsonObject old, JsonObject updated, string replicasPath, string manager, string apiVersion) =>
        throw new NotImplementedException();
}
