using Octavo.Operator.Entities;
using Octavo.Operator.Templates;

namespace Octavo.Operator.Workloads;

/// <summary>What a workload is to be.</summary>
internal sealed record WorkloadPlan
{
    public required V1Alpha1InferenceService Service { get; init; }

    /// <summary>Null: the field belongs to somebody else, and is left out of the apply.</summary>
    public required int? Replicas { get; init; }

    public required TemplateRecord Template { get; init; }

    public required RolloutBounds Bounds { get; init; }
}
