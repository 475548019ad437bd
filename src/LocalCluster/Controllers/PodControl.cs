using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers;

/// <summary>Creates and deletes pods for an owner, with the events and expectations that belong to it.</summary>
internal sealed class PodControl(IKubernetesClient client, ControllerExpectations expectations, ComponentEvents events)
{
    private static readonly WriteOptions Write = new() { FieldManager = QueueController.FieldManager };

    /// <summary>The first failure's text, or null: one refusal (a missing service account, say) would be repeated for each pod.</summary>
    public async Task<string?> CreateAsync(NamespacedName owner, IKubernetesObject about, V1Pod pod, int count, CancellationToken cancellationToken)
    {
        expectations.ExpectCreations(owner, count);
        for (var i = 0; i < count; i++)
        {
            try
            {
                var created = await client.CreateAsync(pod, Write, cancellationToken).ConfigureAwait(false);
                await events.NormalAsync(about, "SuccessfulCreate", $"Created pod: {created.Metadata.Name}", cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesException exception)
            {
                for (var left = i; left < count; left++)
                {
                    expectations.CreationObserved(owner);
                }

                if (exception.Status?.Details?.Causes?.Any(c => c.Reason == "NamespaceTerminating") == true)
                {
                    return null; // The owner is about to go as well; nobody reads an event about it.
                }

                await events.WarningAsync(about, "FailedCreate", $"Error creating: {exception.Message}", cancellationToken).ConfigureAwait(false);
                return exception.Message;
            }
            catch
            {
                expectations.Forget(owner);
                throw;
            }
        }

        return null;
    }

    public async Task DeleteAsync(NamespacedName owner, IKubernetesObject about, IReadOnlyList<V1Pod> pods, CancellationToken cancellationToken)
    {
        expectations.ExpectDeletions(owner, pods.Select(p => p.Metadata.Uid!));
        foreach (var pod in pods)
        {
            try
            {
                await client.DeleteAsync<V1Pod>(pod.Metadata.Name!, pod.Metadata.NamespaceProperty,
                    new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid } }, cancellationToken).ConfigureAwait(false);
                await events.NormalAsync(about, "SuccessfulDelete", $"Deleted pod: {pod.Metadata.Name}", cancellationToken).ConfigureAwait(false);
            }
            catch (KubernetesException exception)
            {
                expectations.DeletionObserved(owner, pod.Metadata.Uid!);
                if (!exception.IsNotFound && !exception.IsConflict)
                {
                    throw;
                }
            }
        }
    }
}
