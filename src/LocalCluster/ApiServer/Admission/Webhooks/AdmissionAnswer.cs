using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Admission.Webhooks;

/// <summary>What a webhook answered.</summary>
/// <param name="Status">Why it refused; may be absent.</param>
/// <param name="Patch">A JSON patch of the object; null for none.</param>
internal sealed record AdmissionAnswer(bool IsAllowed, JsonObject? Status, JsonNode? Patch, IReadOnlyList<string> Warnings);
