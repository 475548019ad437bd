using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Cel;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Selectors;

namespace Octavo.LocalCluster.ApiServer.Admission.Webhooks;

/// <summary>One webhook of a stored configuration, which has been validated.</summary>
internal sealed record Webhook
{
    public required string Name { get; init; }
    public required JsonObject Client { get; init; }
    public required IReadOnlyList<WebhookRule> Rules { get; init; }
    public required bool FailsClosed { get; init; }
    public required bool MatchesEquivalent { get; init; }
    public required LabelSelector Namespaces { get; init; }
    public required LabelSelector Objects { get; init; }
    public required TimeSpan Timeout { get; init; }
    public required bool HasNoSideEffects { get; init; }
    public required bool IsReinvoked { get; init; }
    public required IReadOnlyList<(string Name, CelNode Expression)> Conditions { get; init; }

    public static IEnumerable<Webhook> ReadAll(JsonObject configuration) =>
        (configuration["webhooks"] as JsonArray ?? []).OfType<JsonObject>().Select(Read);

    private static Webhook Read(JsonObject webhook) => new()
    {
        Name = webhook["name"]!.ToString(),
        Client = webhook["clientConfig"] as JsonObject ?? [],
        Rules = [.. (webhook["rules"] as JsonArray ?? []).OfType<JsonObject>().Select(WebhookRule.Read)],
        FailsClosed = webhook["failurePolicy"].AsText() != "Ignore",
        MatchesEquivalent = webhook["matchPolicy"].AsText() != "Exact",
        Namespaces = LabelSelector.FromObject(webhook["namespaceSelector"]) ?? LabelSelector.Everything,
        Objects = LabelSelector.FromObject(webhook["objectSelector"]) ?? LabelSelector.Everything,
        Timeout = TimeSpan.FromSeconds(webhook["timeoutSeconds"].AsWhole() ?? 10),
        HasNoSideEffects = webhook["sideEffects"].AsText() is "None" or "NoneOnDryRun",
        IsReinvoked = webhook["reinvocationPolicy"].AsText() == "IfNeeded",
        Conditions = [.. (webhook["matchConditions"] as JsonArray ?? []).OfType<JsonObject>().Select(c => (c["name"]!.ToString(), CelParser.Parse(c["expression"]!.ToString())))],
    };
}
