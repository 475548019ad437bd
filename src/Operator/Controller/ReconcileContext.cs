using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>What sub-reconcilers hand to each other within one reconcile: the state as it is after their writes, and what each found.</summary>
internal sealed class ReconcileContext(ObservedState observed)
{
    public ObservedState Observed { get; set; } = observed;

    /// <summary>What becomes the status's conditions.</summary>
    public Findings Findings { get; } = new()
    {
        [ConditionTypes.ModelReady] = Pending,
        [ConditionTypes.WorkloadReady] = Pending,
        [ConditionTypes.Progressing] = Pending,
    };

    /// <summary>The spec asks for what cannot be: no child object is made or changed.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>When to look again though nothing changed; null: only at a change.</summary>
    public TimeSpan? RequeueAfter { get; private set; }

    private static Finding Pending => new(null, "Pending", "Not looked at yet.");

    /// <summary>Asks for another look after this long at most; the earliest wish of all concerns counts.</summary>
    public void RequeueWithin(TimeSpan delay) => RequeueAfter = RequeueAfter is { } earlier && earlier < delay ? earlier : delay;

    /// <summary>The workload is not touched in this reconcile, and says why. What runs goes on. The first refusal stays.</summary>
    public void Refuse(Finding refusal)
    {
        if (IsRefused)
        {
            return;
        }

        IsRefused = true;
        Findings[ConditionTypes.WorkloadReady] = refusal;
        Findings[ConditionTypes.Progressing] = refusal;
    }
}
