using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Controller;

/// <summary>Builds the list of conditions of a status; a condition whose status does not change keeps its time of transition.</summary>
internal sealed class ConditionList(IReadOnlyList<V1Condition>? before, long generation, DateTimeOffset now)
{
    private readonly List<V1Condition> conditions = [];

    /// <summary>Adds the condition; null leaves it out.</summary>
    public ConditionList Add(string type, Finding? finding)
    {
        if (finding is null)
        {
            return this;
        }

        var status = finding.Status switch { true => "True", false => "False", null => "Unknown" };
        var old = before?.FirstOrDefault(c => c.Type == type);
        conditions.Add(new V1Condition
        {
            Type = type,
            Status = status,
            Reason = finding.Reason,
            Message = Shorten(finding.Message),
            ObservedGeneration = generation,
            LastTransitionTime = old?.Status == status && old.LastTransitionTime is { } since ? since : now,
        });
        return this;
    }

    public IReadOnlyList<V1Condition> Build() => conditions;

    private static string Shorten(string message) => message.Length <= 1024 ? message : string.Concat(message.AsSpan(0, 1021), "...");
}
