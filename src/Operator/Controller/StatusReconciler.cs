using System.Collections.Concurrent;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Events;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Events;
using Octavo.Operator.Metrics;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Controller;

/// <summary>Writes the status once, last, and only where it differs; then tells the transitions as Events.</summary>
internal sealed class StatusReconciler(IKubernetesClient client, StatusBuilder builder, EventPublisher events, OperatorMetrics metrics) : ISubReconciler
{
    /// <summary>
    /// Our last status by InferenceService, with the version of the object it was computed from and the one that it became: as long as the cache still shows the former it
    /// has not seen our write yet, and the old status must not be taken for the current one, or its transitions would be told twice.
    /// </summary>
    private readonly ConcurrentDictionary<NamespacedName, (string? SeenVersion, string? WrittenVersion, InferenceServiceStatus Status)> written = new();

    public ReconcileStage Stage => ReconcileStage.Status;

    public async Task ReconcileAsync(ReconcileContext context, CancellationToken cancellationToken)
    {
        var service = context.Observed.Service;
        var seenVersion = service.Metadata.ResourceVersion;
        var key = NamespacedName.Of(service);
        if (written.TryGetValue(key, out var last) && last.SeenVersion == seenVersion)
        {
            service = service with { Status = last.Status, Metadata = service.Metadata with { ResourceVersion = last.WrittenVersion } };
            context.Observed = context.Observed with { Service = service };
        }

        var status = builder.Build(context);
        if (KubernetesJson.DeepEquals(service.Status, status))
        {
            return;
        }

        var body = new V1Alpha1InferenceServiceStatusApply
        {
            // Of the state that the status was made from, or it is a conflict and made anew: a transition that was written already, by an answer that was lost or
            // the leader before, must not be told again at another time, nor an old status take the place of a newer one.
            Metadata = new V1ObjectMeta { Name = service.Metadata.Name, NamespaceProperty = service.Metadata.NamespaceProperty, ResourceVersion = service.Metadata.ResourceVersion },
            Status = status,
        };
        var options = new ApplyOptions { FieldManager = ServingObjectMeta.FieldManager, Force = true, Subresource = "status" };
        try
        {
            var answer = await client.ApplyAsync(body, options, cancellationToken).ConfigureAwait(false);
            written[key] = (seenVersion, answer.Metadata.ResourceVersion, status);
        }
        catch (KubernetesException e) when (e.IsNotFound)
        {
            // Deleted meanwhile: the cache will say so.
            return;
        }

        if (status.Startup is { TotalSeconds: not null } startup && (service.Status?.Startup?.Pod != startup.Pod || service.Status.Startup.TotalSeconds is null))
        {
            metrics.Started(startup);
        }

        if (status.Startup is { WarmUpSeconds: { } warmUp } && (service.Status?.Startup?.Pod != status.Startup.Pod || service.Status.Startup.WarmUpSeconds is null))
        {
            metrics.WarmedUp(warmUp);
        }

        foreach (var note in InferenceServiceEvents.Between(service.Status, status))
        {
            await events.PublishAsync(service, note.Type, note.Reason, note.Message, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Drops what is remembered of an InferenceService that is gone.</summary>
    public void Forget(NamespacedName service) => written.TryRemove(service, out _);
}
