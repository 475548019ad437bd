using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Discovery;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Rollout;
using Octavo.Operator.Sidecar;

namespace Octavo.Operator.Planning;

/// <summary>
/// Plans one InferenceService by letting the operator's own controller reconcile it once, with caches of the cluster as it is and a client that writes nothing.
/// </summary>
internal sealed class ServicePlanner(IKubernetesClient cluster, OperatorOptions options, TimeProvider timeProvider)
{
    /// <summary>Caches of one namespace, and of nodes and pods where they are shown.</summary>
    private static readonly TimeSpan SyncTimeout = TimeSpan.FromSeconds(60);

    /// <param name="wanted">The service as it would be, as the API server or a file gives it.</param>
    /// <param name="before">The service as it is; null: it is new.</param>
    /// <param name="cancellationToken">Ends the planning.</param>
    public Task<ServicePlan> PlanAsync(V1Alpha1InferenceService wanted, V1Alpha1InferenceService? before, CancellationToken cancellationToken) => ReconcileAsync(
        wanted,
        (client, provider) => Read(
            Noted(client, provider.GetService<SidecarView>(), wanted), wanted, before, provider.GetRequiredService<ClusterView>().PodsOf(NamespacedName.Of(wanted)), provider.GetRequiredService<CapacityView>().Of(NamespacedName.Of(wanted))),
        cancellationToken);

    /// <summary>What applying the service makes, as objects: the state that a plan from files alone starts from.</summary>
    public Task<IReadOnlyList<JsonObject>> ObjectsAsync(V1Alpha1InferenceService service, CancellationToken cancellationToken) =>
        ReconcileAsync<IReadOnlyList<JsonObject>>(service, (client, _) => [.. client.Results], cancellationToken);

    private async Task<T> ReconcileAsync<T>(V1Alpha1InferenceService service, Func<PlanClient, IServiceProvider, T> read, CancellationToken cancellationToken)
    {
        var client = new PlanClient(cluster);
        var provider = Compose(client, service.Metadata.NamespaceProperty!);
        await using (provider.ConfigureAwait(false))
        {
            // Made before the caches fill, because they add their indexes.
            var controller = provider.GetRequiredService<InferenceServiceController>();
            _ = (provider.GetRequiredService<ClusterView>(), provider.GetRequiredService<CapacityView>());
            await LookAsync(provider, cancellationToken).ConfigureAwait(false);
            using var running = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var informers = Task.WhenAll(provider.GetServices<IInformer>().Distinct().Select(i => i.RunAsync(running.Token)));
            try
            {
                await provider.GetRequiredService<InformerSet>().WaitForSyncAsync(cancellationToken).WaitAsync(SyncTimeout, timeProvider, cancellationToken).ConfigureAwait(false);
                await controller.ReconcileAsync(service, cancellationToken).ConfigureAwait(false);
                return read(client, provider);
            }
            catch (TimeoutException e)
            {
                throw new PlanException($"the cluster did not list {string.Join(", ", provider.GetRequiredService<InformerSet>().NotSynced)} within {SyncTimeout.TotalSeconds} s", e);
            }
            finally
            {
                await running.CancelAsync().ConfigureAwait(false);
                await informers.ConfigureAwait(false);
            }
        }
    }

    /// <summary>Pods of others that have the model as a sidecar are replaced as well: their owners' rollouts, and no part of the plan.</summary>
    private static PlanClient Noted(PlanClient client, SidecarView? sidecars, V1Alpha1InferenceService wanted)
    {
        if (sidecars?.ChangedBy(wanted) is { Count: > 0 } names)
        {
            client.Notes.Add($"the pods of {(names.Count == 1 ? "1 Deployment that has" : $"{names.Count} Deployments that have")} the model as a sidecar would be replaced too: {string.Join(", ", names)}");
        }

        return client;
    }

    /// <summary>Which optional kinds there are; a plan that guessed would speak of objects that are never made.</summary>
    private static async Task LookAsync(ServiceProvider provider, CancellationToken cancellationToken)
    {
        var catalog = provider.GetRequiredService<ApiCatalog>();
        await catalog.LookAsync(cancellationToken).ConfigureAwait(false);
        if (catalog.Failure is { } failure)
        {
            throw new PlanException($"which kinds the cluster serves could not be asked: {failure}");
        }
    }

    private ServiceProvider Compose(PlanClient client, string namespaceName)
    {
        var services = new ServiceCollection();
        OperatorApplication.AddOperator(services, options with { WatchNamespaces = [namespaceName], LeaderElect = false }, namespaceName);
        // In place of the operator's own, with its guard by the lease: this one writes nothing at all.
        services.RemoveAll<IKubernetesClient>();
        services.AddSingleton<IKubernetesClient>(client);
        services.Replace(ServiceDescriptor.Singleton(timeProvider));
        return services.BuildServiceProvider();
    }

    private static ServicePlan Read(PlanClient client, V1Alpha1InferenceService wanted, V1Alpha1InferenceService? before, IReadOnlyList<V1Pod> pods, ClusterCapacity capacity)
    {
        var status = client.Status ?? wanted.Status;
        var refusal = status?.Conditions?.FirstOrDefault(c => c is { Type: ConditionTypes.Stalled, Status: "True" } && c.Reason is not ("RevisionFailed" or "ProgressDeadlineExceeded"));
        var total = pods.Count(p => p.Metadata.DeletionTimestamp is null);
        var ready = pods.Count(PodState.IsReady);
        var desired = status?.DesiredReplicas ?? wanted.Spec.Replicas ?? 1;
        var rollout = status?.Conditions?.Any(c => c.Type == ConditionTypes.RolloutPlanned) == true ? status.Rollout : null;
        var replaced = rollout is null ? 0 : Math.Max(0, (rollout.TotalReplicas ?? 0) - (rollout.UpdatedReplicas ?? 0));
        var changes = client.Changes.Where(c => before is null || !IsOurRecord(c)).ToList();
        var proof = Room(client, wanted, pods, capacity, desired - total);
        var accelerator = wanted.Spec.Accelerator is { } spec ? spec.Resource ?? AcceleratorSpec.DefaultResource : null;
        var each = accelerator is null ? 0 : (wanted.Spec.Accelerator!.Count ?? 1) * (wanted.Spec.Accelerator.Nodes ?? 1);
        return new ServicePlan
        {
            Namespace = wanted.Metadata.NamespaceProperty!,
            Name = ServingObjectMeta.NameOf(wanted),
            Action = before is null ? "create" : changes.Count > 0 || SpecDiffers(before, wanted) ? "change" : "none",
            Refused = refusal is null ? null : $"{refusal.Reason}: {refusal.Message}",
            Changes = changes,
            ReplacedReplicas = replaced,
            TotalReplicas = total,
            DesiredReplicas = desired,
            Strategy = rollout?.Strategy,
            Reason = rollout?.Reason,
            Message = rollout?.Message,
            Accelerator = accelerator,
            AcceleratorsNeeded = each * desired,
            AcceleratorsAdditional = each * Math.Max(0, desired - total),
            AcceleratorsFree = accelerator is not null && proof is { Unprovable: null } ? proof.AcceleratorsFree : null,
            Fits = proof is not { Unprovable: null } ? null : desired <= total || proof.IsProven,
            Room = proof?.ToString(),
            Interruption = Interruption.Of(
                before is null, ready, total, desired, rollout is null ? null : Enum.Parse<RolloutMode>(rollout.Strategy!), replaced > 0 ? wanted.Status?.Startup?.TotalSeconds : null),
            Notes = client.Notes,
        };
    }

    /// <summary>Records of templates tell a reader nothing that the Deployment does not.</summary>
    private static bool IsOurRecord(PlannedChange change) => change.Kind == "ControllerRevision";

    private static bool SpecDiffers(V1Alpha1InferenceService before, V1Alpha1InferenceService after) => !KubernetesJson.DeepEquals(before.Spec, after.Spec);

    /// <summary>Room for the replicas that are more than those that exist; for one more where none are, which tells what is free. Null: no template is known.</summary>
    private static CapacityProof? Room(PlanClient client, V1Alpha1InferenceService service, IReadOnlyList<V1Pod> pods, ClusterCapacity capacity, int additional)
    {
        var workload = client.Results.FirstOrDefault(r => (string?)r["kind"] == "Deployment");
        if ((workload is null ? null : KubernetesJson.FromNode<V1Deployment>(workload))?.Spec?.Template is not { } template)
        {
            return null;
        }

        return SpareCapacity.Prove(new CapacityQuestion
        {
            Cluster = capacity,
            Pod = AdmittedPod.Of(template, null, null),
            Wanted = Math.Max(1, additional) * (service.Spec.Accelerator?.Nodes ?? 1),
            Staying = [.. pods.Where(p => !string.IsNullOrEmpty(p.Spec?.NodeName))],
            Accelerator = service.Spec.Accelerator is { } accelerator ? accelerator.Resource ?? AcceleratorSpec.DefaultResource : null,
        });
    }
}
