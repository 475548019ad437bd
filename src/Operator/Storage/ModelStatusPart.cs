using Octavo.ControllerRuntime;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>status.model: what was fetched, as soon as one replica has it; before, how far the fetch has come.</summary>
internal sealed class ModelStatusPart(FetchStates states) : IStatusPart
{
    public InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context) => status with { Model = Of(context.Observed) };

    private ModelStatus? Of(ObservedState observed)
    {
        // While a Job fetches, replicas have another model, or none.
        var result = observed.Fill is { IsFilled: false } ? null : observed.CurrentPods.Concat(observed.Fill?.Pods ?? []).OrderByDescending(p => p.Metadata.CreationTimestamp).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
            .Select(FetchContainerState.Result).FirstOrDefault(r => r is not null);
        if ((result ?? Running(observed)) is { } progress)
        {
            return new ModelStatus
            {
                Revision = progress.Revision,
                Sha256 = progress.Sha256,
                Bytes = progress.Bytes,
                TotalBytes = progress.TotalBytes,
                BytesPerSecond = progress.BytesPerSecond,
                RemainingSeconds = progress.RemainingSeconds,
            };
        }

        // Of another spec nothing is known; of this one what was known, but nothing flows.
        var service = observed.Service;
        return service.Status is { Model: { } before } && service.Status.ObservedGeneration == observed.Generation
            ? before with { BytesPerSecond = null, RemainingSeconds = null }
            : null;
    }

    private FetchProgress? Running(ObservedState observed) => (observed.Fill?.Pods ?? observed.CurrentPods).Any(FetchContainerState.IsRunning) ? states.Find(NamespacedName.Of(observed.Service)) : null;
}
