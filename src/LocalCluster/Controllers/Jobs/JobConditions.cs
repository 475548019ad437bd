using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Jobs;

/// <summary>A job's conditions while they are worked out.</summary>
internal sealed class JobConditions(IReadOnlyList<V1JobCondition> before, DateTimeOffset now)
{
    private readonly List<V1JobCondition> conditions = [.. before];

    public bool Has(string type) => conditions.Any(c => c.Type == type);

    public void Set(string type, bool value, string reason, string message)
    {
        var status = value ? "True" : "False";
        var index = conditions.FindIndex(c => c.Type == type);
        if (index >= 0 && conditions[index].Status == status)
        {
            return;
        }

        var condition = new V1JobCondition { Type = type, Status = status, Reason = reason, Message = message, LastProbeTime = now, LastTransitionTime = now };
        if (index < 0)
        {
            conditions.Add(condition);
        }
        else
        {
            conditions[index] = condition;
        }
    }

    public IReadOnlyList<V1JobCondition>? ToList() => conditions.Count == 0 ? null : conditions;
}
