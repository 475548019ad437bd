using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.ServerSideApply;

/// <summary>What one apply works on: objects without managedFields, and the entries beside them.</summary>
internal sealed record ApplyRequest(
    ResourceSchema Schema, JsonObject Live, JsonObject Configuration, IReadOnlyList<ManagedFieldsEntry> Entries, string Manager, string Subresource, string ApiVersion, DateTimeOffset Now);
