using Octavo.Operator.Deletion;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Storage;

/// <summary>A Job that fetches for nobody else ends with the service, where an order is kept; the garbage collector does the same.</summary>
internal sealed class FillDeletion(FillOwnership ownership) : IDeletionStep
{
    public DeletionStage Stage => DeletionStage.Storage;

    /// <summary>Alone it is no reason for a finalizer.</summary>
    public bool IsNeeded(V1Alpha1InferenceService service) => false;

    public async Task<bool> RunAsync(V1Alpha1InferenceService service, CancellationToken cancellationToken) =>
        !await ownership.ReleaseAsync(service, wanted: null, cancellationToken).ConfigureAwait(false);
}
