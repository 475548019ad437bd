using Octavo.Operator.Entities;

namespace Octavo.Operator.Deletion;

/// <summary>Something that has to be gone before what comes after it goes, when an InferenceService is deleted.</summary>
internal interface IDeletionStep
{
    /// <summary>Steps run in this order, each when those before are done.</summary>
    DeletionStage Stage { get; }

    /// <summary>Whether this step makes an order necessary: without any such the garbage collector does it all, and no finalizer is set. Pure.</summary>
    bool IsNeeded(V1Alpha1InferenceService service);

    /// <summary>Begins or goes on; true once it is done. May be called again after that.</summary>
    Task<bool> RunAsync(V1Alpha1InferenceService service, CancellationToken cancellationToken);
}
