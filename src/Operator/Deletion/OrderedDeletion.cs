using System.Net;
using Octavo.ControllerRuntime.Events;
using Octavo.ControllerRuntime.Finalizer;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.KubernetesClient;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Deletion;

/// <summary>
/// Takes a service apart in order, where an order is needed. It never holds up a deletion for good: a step that the server forbids is skipped, and when the
/// time that a drain may take is over the object is let go whatever failed; the garbage collector removes the rest.
/// </summary>
internal sealed class OrderedDeletion(IEnumerable<IDeletionStep> steps, EventPublisher events, TimeProvider timeProvider, ILogger<OrderedDeletion> logger) : IEntityFinalizer<V1Alpha1InferenceService>
{
    public const string Finalizer = "serving.octavo.dev/ordered-deletion";

    /// <summary>Beyond the pods' grace period: for routes to go and for caches to see it.</summary>
    private static readonly TimeSpan BeyondDrain = TimeSpan.FromSeconds(45);

    /// <summary>Between two looks; changes of what is deleted wake sooner.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly IReadOnlyList<IDeletionStep> steps = [.. steps.OrderBy(s => s.Stage)];

    public string Identifier => Finalizer;

    public bool IsNeeded(V1Alpha1InferenceService entity) => steps.Any(s => s.IsNeeded(entity));

    public async Task<ReconciliationResult<V1Alpha1InferenceService>> FinalizeAsync(V1Alpha1InferenceService entity, CancellationToken cancellationToken)
    {
        var deadline = (entity.Metadata.DeletionTimestamp ?? timeProvider.GetUtcNow()) + TimeSpan.FromSeconds(ServingPodTemplate.DrainSeconds(entity)) + BeyondDrain;
        foreach (var step in steps)
        {
            if (await RunAsync(step, entity, cancellationToken).ConfigureAwait(false) is not { } unfinished)
            {
                continue;
            }

            if (timeProvider.GetUtcNow() < deadline)
            {
                return ReconciliationResult<V1Alpha1InferenceService>.Success(entity, Pause);
            }

            DeletionLog.GivenUp(logger, entity.Metadata.NamespaceProperty, entity.Metadata.Name, step.Stage, unfinished);
            await events.PublishAsync(entity, "Warning", "DeletionNotOrdered", $"The order was given up at the step {step.Stage}: {unfinished}. The garbage collector removes the rest.", cancellationToken).ConfigureAwait(false);
            break;
        }

        return ReconciliationResult<V1Alpha1InferenceService>.Success(entity);
    }

    /// <summary>Null: the step is done, or cannot be done by this operator. Else what is still to do.</summary>
    private async Task<string?> RunAsync(IDeletionStep step, V1Alpha1InferenceService entity, CancellationToken cancellationToken)
    {
        try
        {
            return await step.RunAsync(entity, cancellationToken).ConfigureAwait(false) ? null : "it was not over in time";
        }
        catch (KubernetesException e) when (e.IsNotFound || e.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.MethodNotAllowed)
        {
            DeletionLog.Skipped(logger, entity.Metadata.NamespaceProperty, entity.Metadata.Name, step.Stage, e.Message);
            return null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Tried again until the deadline, however it fails.
            DeletionLog.Failed(logger, e, entity.Metadata.NamespaceProperty, entity.Metadata.Name, step.Stage);
            return e.Message;
        }
    }
}
