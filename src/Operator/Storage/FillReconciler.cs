using System.Net;
using Octavo.ControllerRuntime.Events;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Storage;

/// <summary>The Job that fetches the model, where spec.storage.fill asks for one; until it has succeeded the replicas stay as they are.</summary>
internal sealed class FillReconciler(FillView view, FillOwnership ownership, ClaimReader claims, ObjectApplier applier, EventPublisher events, OperatorOptions options) : ISubReconciler
{
    public ReconcileStage Stage => ReconcileStage.Storage;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        if (context.IsRefused)
        {
            return;
        }

        var service = context.Observed.Service;
        var key = FillKey.Of(service);
        await ownership.ReleaseAsync(service, key?.Hash, cancellationToken).ConfigureAwait(false);
        if (key is null)
        {
            return;
        }

        var sharing = view.Sharing(key.Hash, service);
        var inputs = Inputs(context.Observed, key, sharing);
        var plan = FillPlanner.Plan(inputs);
        if (plan.AwaitsNode)
        {
            inputs = inputs with { Claim = await claims.ReadAsync(key.Namespace, key.Claim, context.Observed.Claim, cancellationToken).ConfigureAwait(false) };
            plan = FillPlanner.Plan(inputs);
        }

        var superseded = plan.Superseded;
        if (plan.Make is { } number)
        {
            if (await MakeAsync(context, key, sharing, number, cancellationToken).ConfigureAwait(false) is not { } made)
            {
                return;
            }

            inputs = inputs with { Jobs = [.. inputs.Jobs, made] };
            plan = FillPlanner.Plan(inputs);
        }

        foreach (var job in inputs.Jobs.Where(j => j.Metadata.Name == plan.State.Job))
        {
            await ownership.SetAsync(job, sharing, cancellationToken).ConfigureAwait(false);
        }

        foreach (var job in superseded)
        {
            await ownership.DeleteAsync(job, cancellationToken).ConfigureAwait(false);
        }

        context.Observed = context.Observed with { Fill = plan.State };
        context.Findings[ConditionTypes.ModelReady] = ModelDiagnosis.Of(context.Observed);
        if (plan.LookAgain is { } delay)
        {
            context.RequeueWithin(delay);
        }
    }

    private FillInputs Inputs(ObservedState observed, FillKey key, IReadOnlyList<V1Alpha1InferenceService> sharing)
    {
        var deadline = FillJob.DeadlineOf(sharing);
        var source = ModelStorage.SourceOf(observed.Service)!;
        var isInUse = ModelCheck.IsFor(observed.Workload?.Template?.Template, source);
        return new FillInputs
        {
            Uri = observed.Service.Spec.Model.Uri,
            Source = source,
            Jobs = view.JobsOf(key),
            Pods = view.PodsOf(key),
            Wishes = sharing.Select(s => FillJob.WishesOf(s, deadline)).ToHashSet(StringComparer.Ordinal),
            IsInUse = isInUse,
            MissedAt = isInUse ? ModelCheck.MissedAt(observed.CurrentPods) : null,
            Now = observed.Now,
        };
    }

    /// <summary>Null: it cannot be made, and the context says why.</summary>
    private async Task<V1Job?> MakeAsync(ReconcileContext context, FillKey key, IReadOnlyList<V1Alpha1InferenceService> sharing, int number, CancellationToken cancellationToken)
    {
        var first = sharing[0];
        var runtimeImage = first.Spec.Runtime?.Image ?? options.RuntimeImage;
        var fetchImage = RuntimeDialects.Of(first).HasFetch ? runtimeImage : options.FetchImage ?? options.RuntimeImage;
        var wanted = FillJob.Build(key, sharing, runtimeImage, fetchImage, number);
        var live = await applier.FindAsync<V1Job>(null, wanted.Metadata.Name!, key.Namespace, cancellationToken).ConfigureAwait(false);
        if (live is not null)
        {
            // Made by another service's reconcile a moment ago; its spec could not change anyhow.
            if (FillJob.HashOf(live) == key.Hash)
            {
                return live;
            }

            Refuse(context, "NameConflict", $"Job {live.Metadata.Name} exists and is none of the operator's.");
            return null;
        }

        try
        {
            var made = await applier.ApplyAsync(null, wanted, cancellationToken).ConfigureAwait(false);
            await events.PublishAsync(
                context.Observed.Service, "Normal", "FetchStarted", $"Job {made.Metadata.Name} fetches {first.Spec.Model.Uri} onto PersistentVolumeClaim {key.Claim}.", cancellationToken).ConfigureAwait(false);
            return made;
        }
        catch (KubernetesException e) when (e.IsInvalid || e.StatusCode == HttpStatusCode.Forbidden)
        {
            // A policy, a quota, a value that no Job takes: a person has to look.
            Refuse(context, "InvalidStorage", e.Message);
            return null;
        }
    }

    private static void Refuse(ReconcileContext context, string reason, string message) => context.Refuse(new Finding(false, reason, message, NeedsPerson: true));
}
