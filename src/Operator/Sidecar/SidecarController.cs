using System.Collections.Concurrent;
using System.Globalization;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Events;
using Octavo.ControllerRuntime.Reconciliation;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Metrics;
using Octavo.Operator.Storage;

namespace Octavo.Operator.Sidecar;

/// <summary>Puts sidecars into the Deployments that ask for one, and takes them out again; tells what it did, or why not, as Events on both.</summary>
internal sealed class SidecarController(
    Lister<V1Alpha1InferenceService> services, FillView fills, SidecarApplier applier, EventPublisher events, OperatorMetrics metrics, OperatorOptions options) : IEntityController<InjectedDeployment>
{
    /// <summary>Between two looks at a Job, whose changes wake nobody here.</summary>
    private static readonly TimeSpan ModelPause = TimeSpan.FromSeconds(10);

    /// <summary>What was told last of a Deployment: what lasts is told once, not at every look.</summary>
    private readonly ConcurrentDictionary<NamespacedName, SidecarNote> told = new();

    public async Task<ReconciliationResult<InjectedDeployment>> ReconcileAsync(InjectedDeployment entity, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(entity);
        var decision = SidecarPlan.Decide(entity, name => services.Get(key.Namespace, name), fills.IsAwaited, options);
        var failure = decision.IsDone ? null : await applier.ApplyAsync(entity, decision.Record, cancellationToken).ConfigureAwait(false);
        var note = failure ?? decision.Note;
        Count(key, decision, note);
        if (note is not null)
        {
            await TellAsync(entity, note, cancellationToken).ConfigureAwait(false);
        }
        else if (decision.IsDone)
        {
            told.TryRemove(key, out _);
        }
        else
        {
            await TellDoneAsync(entity, decision.Record, cancellationToken).ConfigureAwait(false);
        }

        return ReconciliationResult<InjectedDeployment>.Success(entity, failure is not null ? SidecarApplier.Pause : note?.Reason == SidecarPlan.WaitingForModel ? ModelPause : null);
    }

    public Task DeletedAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        told.TryRemove(key, out _);
        applier.Forget(key);
        metrics.ForgetSidecar(key);
        return Task.CompletedTask;
    }

    private void Count(NamespacedName key, SidecarDecision decision, SidecarNote? note)
    {
        if (note is null && decision.Record is null)
        {
            metrics.ForgetSidecar(key);
        }
        else
        {
            metrics.ObserveSidecar(key, (note?.State ?? SidecarState.Injected).ToString().ToLowerInvariant());
        }
    }

    private async Task TellDoneAsync(InjectedDeployment deployment, SidecarRecord? record, CancellationToken cancellationToken)
    {
        var before = SidecarRecord.Of(deployment);
        var reason = record is null ? "SidecarRemoved" : before is null ? "SidecarInjected" : before.Hash == record.Hash ? "SidecarRepaired" : "SidecarUpdated";
        var name = record?.Service ?? before?.Service ?? "";
        var message = record is null ? "The sidecar is taken out; the pods roll."
            : reason == "SidecarRepaired" ? $"Something of the sidecar was missing or changed: it is as InferenceService {name} has it again."
            : string.Create(CultureInfo.InvariantCulture, $"InferenceService {name} is served on 127.0.0.1:{SidecarRequest.Of(deployment, out _)?.Port ?? SidecarRequest.DefaultPort} of the pods, which roll.");
        if (!await TellAsync(deployment, new SidecarNote(SidecarState.Injected, "Normal", reason, message), cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        if (reason is "SidecarInjected" or "SidecarRemoved" && services.Get(deployment.Metadata.NamespaceProperty, name) is { } service)
        {
            await events.PublishAsync(
                service, "Normal", reason, $"Deployment {deployment.Metadata.Name} {(record is null ? "no longer serves" : "serves")} the model as a sidecar of its pods.", cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether it was news.</summary>
    private async Task<bool> TellAsync(InjectedDeployment deployment, SidecarNote note, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(deployment);
        if (told.TryGetValue(key, out var last) && last == note)
        {
            return false;
        }

        told[key] = note;
        await events.PublishAsync(deployment, note.Type, note.Reason, note.Message, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
