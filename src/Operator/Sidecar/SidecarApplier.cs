using System.Collections.Concurrent;
using System.Net;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Sidecar;

/// <summary>
/// Server-side apply of what a Deployment is to have, never by force, with one exception: where something that is wholly ours was changed by hand it is repaired, once.
/// Who changes it again, or declares it by an apply of their own, has it: nothing is worse for pods than two who undo each other's work.
/// </summary>
internal sealed class SidecarApplier(IKubernetesClient client, TimeProvider timeProvider)
{
    /// <summary>Before what was refused is tried again though nothing has changed.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<NamespacedName, (string? Uid, string Hash)> forced = new();
    private readonly ConcurrentDictionary<NamespacedName, Failure> failures = new();

    /// <summary>Null: it is done, or the Deployment is gone. Else why not.</summary>
    /// <param name="deployment">As the cache has it.</param>
    /// <param name="record">What it is to have; null: nothing.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public async Task<SidecarNote?> ApplyAsync(InjectedDeployment deployment, SidecarRecord? record, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(deployment);
        var hash = record?.Hash ?? "";
        if (failures.TryGetValue(key, out var failure) && failure.Holds(deployment, hash, timeProvider.GetUtcNow()))
        {
            return failure.Note;
        }

        failures.TryRemove(key, out _);
        for (var force = false; ; force = true)
        {
            try
            {
                await WriteAsync(deployment, record, force, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (KubernetesException e) when (e.IsConflict && Causes(e).Count > 0)
            {
                var isRepair = !force && deployment.IsInjected && Causes(e).All(MayBeRepaired) && !(forced.TryGetValue(key, out var before) && before == (deployment.Metadata.Uid, hash));
                if (!isRepair)
                {
                    return Remember(new SidecarNote(SidecarState.Conflict, "Warning", "SidecarConflict",
                        $"Somebody else owns what the sidecar needs, and it is left to them: {e.Message}. Let them give it up, or remove the annotation {SidecarNames.Inject}."));
                }

                forced[key] = (deployment.Metadata.Uid, hash);
            }
            catch (KubernetesException e) when (e.IsNotFound || e.IsConflict)
            {
                // Deleted meanwhile: by the uid none other is made. The cache will say so.
                return null;
            }
            catch (KubernetesException e) when (e.IsInvalid || e.StatusCode == HttpStatusCode.Forbidden)
            {
                return Remember(new SidecarNote(SidecarState.Refused, "Warning", "SidecarRefused", $"The API server refuses the sidecar: {e.Message}"));
            }
        }

        SidecarNote Remember(SidecarNote note)
        {
            failures[key] = new Failure(deployment.Metadata.Uid, deployment.Metadata.Generation, hash, timeProvider.GetUtcNow(), note);
            return note;
        }
    }

    public void Forget(NamespacedName deployment)
    {
        forced.TryRemove(deployment, out _);
        failures.TryRemove(deployment, out _);
    }

    private static IReadOnlyList<V1StatusCause> Causes(KubernetesException conflict) => [.. (conflict.Status?.Details?.Causes ?? []).Where(c => c.Reason == "FieldManagerConflict")];

    /// <summary>Something wholly ours that was changed by an update; an API server names the version only of those, not of who applies.</summary>
    private static bool MayBeRepaired(V1StatusCause cause) => SidecarNames.IsOwnField(cause.Field ?? "") && cause.Message?.Contains("\" using ", StringComparison.Ordinal) == true;

    private Task<V1Deployment> WriteAsync(InjectedDeployment deployment, SidecarRecord? record, bool force, CancellationToken cancellationToken) => client.ApplyAsync(
        new V1Deployment
        {
            Metadata = new V1ObjectMeta
            {
                Name = deployment.Metadata.Name,
                NamespaceProperty = deployment.Metadata.NamespaceProperty,
                Uid = deployment.Metadata.Uid,
                Annotations = record is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { [SidecarNames.Record] = record.ToText() },
            },
            Spec = record is null ? null : new V1DeploymentSpec { Template = KubernetesJson.FromNode<V1PodTemplateSpec>(record.ToTemplate()) },
        },
        new ApplyOptions { FieldManager = SidecarNames.FieldManager, Force = force },
        cancellationToken);

    private sealed record Failure(string? Uid, long? Generation, string Hash, DateTimeOffset At, SidecarNote Note)
    {
        public bool Holds(InjectedDeployment deployment, string hash, DateTimeOffset now) =>
            Uid == deployment.Metadata.Uid && Generation == deployment.Metadata.Generation && Hash == hash && now < At + Pause;
    }
}
