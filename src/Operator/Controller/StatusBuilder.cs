using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>The status that findings and observed state amount to: the conditions here, the rest by each concern's part. Pure.</summary>
internal sealed class StatusBuilder(IEnumerable<IStatusPart> parts)
{
    private readonly IReadOnlyList<IStatusPart> parts = [.. parts];

    public InferenceServiceStatus Build(ReconcileContext context)
    {
        var observed = context.Observed;
        var status = new InferenceServiceStatus { ObservedGeneration = observed.Generation, Conditions = Conditions(context) };
        return parts.Aggregate(status, (filled, part) => part.Fill(filled, context));
    }

    private static IReadOnlyList<V1Condition> Conditions(ReconcileContext context)
    {
        var observed = context.Observed;
        var findings = context.Findings;
        var blocker = findings.Blocker;
        if (blocker is not null && findings[ConditionTypes.Progressing] is { Status: not false })
        {
            findings[ConditionTypes.Progressing] = blocker;
        }

        var ready = ReadyDiagnosis.Ready(observed, findings);
        var conditions = new ConditionList(observed.Service.Status?.Conditions, observed.Generation, observed.Now).Add(ConditionTypes.Ready, ready);
        foreach (var (type, finding) in findings)
        {
            conditions.Add(type, finding);
        }

        return conditions
            .Add(ConditionTypes.Reconciling, ReadyDiagnosis.Reconciling(ready, findings))
            .Add(ConditionTypes.Stalled, blocker is null ? null : blocker with { Status = true })
            .Build();
    }
}
