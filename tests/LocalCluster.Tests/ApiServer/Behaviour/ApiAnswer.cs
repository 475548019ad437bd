using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.Tests.ApiServer.Behaviour;

/// <summary>An answer as it came.</summary>
internal sealed record ApiAnswer(int Status, JsonNode? Body, string Text, IReadOnlyList<string> Warnings)
{
    public string Message => Body?["message"]?.ToString() ?? "";

    public string Version => Body!["metadata"]!["resourceVersion"]!.ToString();

    public long? Generation => Body!["metadata"]!["generation"]?.GetValue<long>();

    /// <summary>manager/operation[/subresource] of each entry, sorted.</summary>
    public IReadOnlyList<string> Managers => [.. (Body!["metadata"]!["managedFields"] as JsonArray ?? []).Select(e =>
        $"{e!["manager"]}/{e["operation"]}{(e["subresource"] is { } s ? $"/{s}" : "")}").Order(StringComparer.Ordinal)];
}
