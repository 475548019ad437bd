using System.Text.Json.Nodes;

namespace Octavo.TestSupport.Kubernetes;

/// <summary>Keeps every status that a test sees written, and lets none pass that breaks <see cref="StatusRules"/>.</summary>
/// <param name="furtherRules">Rules of the kind itself.</param>
public sealed class StatusRecorder(params Func<JsonObject, IEnumerable<string>>[] furtherRules)
{
    private readonly Lock gate = new();
    private readonly List<JsonObject> recorded = [];

    /// <summary>Oldest first; one that is equal to the one before is left out.</summary>
    public IReadOnlyList<JsonObject> Recorded
    {
        get
        {
            lock (gate)
            {
                return [.. recorded];
            }
        }
    }

    /// <summary>What kstatus says of them, oldest first, without repetition.</summary>
    public IReadOnlyList<string> Story => [.. Recorded.Select(StatusRules.KStatus).Aggregate(new List<string>(), (story, next) => story.Count > 0 && story[^1] == next ? story : [.. story, next])];

    /// <exception cref="InvalidOperationException">The status breaks a rule.</exception>
    public void Record(JsonObject resource)
    {
        var violations = StatusRules.Violations(resource).Concat(furtherRules.SelectMany(rule => rule(resource))).ToList();
        if (violations.Count > 0)
        {
            throw new InvalidOperationException($"{string.Join("; ", violations)}: {resource["status"]?.ToJsonString()}");
        }

        lock (gate)
        {
            if (recorded.Count == 0 || !JsonNode.DeepEquals(recorded[^1]["status"], resource["status"]))
            {
                recorded.Add((JsonObject)resource.DeepClone());
            }
        }
    }
}
