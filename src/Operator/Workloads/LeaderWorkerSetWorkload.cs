using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Workloads;

/// <summary>Replicas that span nodes: groups of pods, of which the first answers requests. The API comes and goes with its definition.</summary>
/// <param name="sets">The cache, empty while the API is not there.</param>
/// <param name="unavailability">Why the API cannot be used now, for people; null where it can.</param>
/// <param name="applier">Writes.</param>
internal sealed class LeaderWorkerSetWorkload(Lister<V1LeaderWorkerSet> sets, Func<string?> unavailability, ObjectApplier applier) : IServingWorkload
{
    public string Kind => V1LeaderWorkerSet.EntityKind;

    public bool HonoursDeletionCost => false;

    public string? Unavailability => unavailability() is { } why
        ? $"A replica that spans nodes needs the LeaderWorkerSet API, which this cluster does not have: {why}. Install LeaderWorkerSet (leaderworkerset.sigs.k8s.io); the operator notices."
        : null;

    public WorkloadState? Cached(NamespacedName service) =>
        sets.Get(new NamespacedName(service.Namespace, ServingLeaderWorkerSet.NameOf(service.Name))) is { } set ? ServingLeaderWorkerSet.Read(set) : null;

    public async Task<WorkloadState?> FindAsync(V1Alpha1InferenceService service, WorkloadState? cached, CancellationToken cancellationToken) =>
        cached ?? (await applier.FindAsync<V1LeaderWorkerSet>(null, ServingLeaderWorkerSet.NameOf(ServingObjectMeta.NameOf(service)), service.Metadata.NamespaceProperty, cancellationToken).ConfigureAwait(false)
            is { } set ? ServingLeaderWorkerSet.Read(set) : null);

    public async Task<WorkloadState> ApplyAsync(WorkloadState? live, WorkloadPlan plan, CancellationToken cancellationToken) =>
        ServingLeaderWorkerSet.Read(await applier.ApplyAsync(live?.Object as V1LeaderWorkerSet, ServingLeaderWorkerSet.Build(plan), cancellationToken).ConfigureAwait(false));
}
