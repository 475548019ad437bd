using System.Text.Json.Nodes;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Finalizer;

/// <summary>
/// Attaches finalizers before the first side effect and takes each off after it succeeded. Both are merge patches guarded by resourceVersion: somebody
/// else's finalizer is never lost, and a stale cache ends in a conflict, which is tried again.
/// </summary>
/// <remarks>
/// Not server-side apply, as all else: to leave a finalizer out of an apply removes it only where no other manager owns it as well. Whoever once wrote the object as a whole
/// (kubectl edit, a backup that was restored) does, and its deletion would then never end. Work that is done takes its finalizer off whoever owns it.
/// </remarks>
public sealed class FinalizerManager<TEntity>(IKubernetesClient client, IEnumerable<IEntityFinalizer<TEntity>> finalizers, OperatorRuntimeOptions options)
    where TEntity : class, IKubernetesObject
{
    private readonly IReadOnlyList<IEntityFinalizer<TEntity>> finalizers = [.. finalizers];
    private readonly WriteOptions write = new() { FieldManager = options.Name };

    /// <summary>The object as it is once all finalizers that it needs are attached, and ours that it does not need are off; no write where it is so.</summary>
    public async Task<TEntity> AttachAsync(TEntity entity, CancellationToken cancellationToken)
    {
        var present = entity.Metadata.Finalizers ?? [];
        var missing = finalizers.Where(f => f.IsNeeded(entity)).Select(f => f.Identifier).Except(present).ToList();
        var needless = finalizers.Where(f => !f.IsNeeded(entity)).Select(f => f.Identifier).Intersect(present).ToList();
        return missing.Count + needless.Count == 0 ? entity : await WriteAsync(entity, [.. present.Except(needless), .. missing], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs those that are still attached, in the order of registration, and stops at the first that is not done.</summary>
    public async Task<ReconciliationResult<TEntity>> FinalizeAsync(TEntity entity, CancellationToken cancellationToken)
    {
        var current = entity;
        foreach (var finalizer in finalizers)
        {
            if (current.Metadata.Finalizers?.Contains(finalizer.Identifier) != true)
            {
                continue;
            }

            var result = await finalizer.FinalizeAsync(current, cancellationToken).ConfigureAwait(false);
            if (!result.IsSuccess || result.RequeueAfter is not null)
            {
                return result;
            }

            try
            {
                // The work is done; to stop between it and its record would only make it be done again.
                var left = current.Metadata.Finalizers.Where(f => f != finalizer.Identifier).ToList();
                current = await WriteAsync(current, left, CancellationToken.None).ConfigureAwait(false);
            }
            catch (KubernetesException exception) when (exception.IsNotFound)
            {
                // Our cache is behind: the object went with its last finalizer.
                return ReconciliationResult<TEntity>.Success(current);
            }
        }

        return ReconciliationResult<TEntity>.Success(current);
    }

    private Task<TEntity> WriteAsync(TEntity entity, IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var metadata = new JsonObject
        {
            ["resourceVersion"] = entity.Metadata.ResourceVersion,
            ["finalizers"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]),
        };
        var patch = new V1Patch(new JsonObject { ["metadata"] = metadata }, V1PatchType.MergePatch);
        return client.PatchAsync<TEntity>(entity.Metadata.Name!, entity.Metadata.NamespaceProperty, patch, null, write, cancellationToken);
    }
}
