using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Workloads;
using Octavo.ServingContract;

namespace Octavo.Operator.Controller;

/// <summary>Reads, from the informers' caches, all that belongs to one InferenceService.</summary>
internal sealed class ClusterView(
    Lister<V1Alpha1InferenceService> services,
    ServingWorkloads workloads,
    Lister<V1ControllerRevision> records,
    Lister<V1Service> addresses,
    Lister<V1PersistentVolumeClaim> claims,
    Lister<V1Pod> pods,
    AutoscalerStates autoscaler,
    TimeProvider timeProvider)
{
    /// <summary>Index of pods and of records by <c>namespace/name</c> of their InferenceService.</summary>
    public const string ServiceIndex = "inference-service";

    public IReadOnlyList<V1Alpha1InferenceService> Services => services.List();

    /// <summary>Keys of an object in <see cref="ServiceIndex"/>, which are also the InferenceServices that its changes wake.</summary>
    public static IEnumerable<NamespacedName> ServiceOf(IKubernetesObject entity) =>
        entity.Metadata.Labels?.GetValueOrDefault(ServingLabels.InferenceService) is { Length: > 0 } name ? [new NamespacedName(entity.Metadata.NamespaceProperty, name)] : [];

    public IReadOnlyList<V1Pod> PodsOf(NamespacedName service) => pods.ByIndex(ServiceIndex, service.ToString());

    public ObservedState Observe(V1Alpha1InferenceService service)
    {
        var key = NamespacedName.Of(service);
        return new ObservedState
        {
            Service = service,
            Workload = workloads.For(service).Cached(key),
            Records = records.ByIndex(ServiceIndex, key.ToString()),
            Address = addresses.Get(key),
            Claim = ModelStorage.Build(service) is { } claim ? claims.Get(NamespacedName.Of(claim)) : null,
            Pods = PodsOf(key),
            Autoscaler = service.Spec.Autoscaling is null ? null : autoscaler.Find(key),
            Now = timeProvider.GetUtcNow(),
        };
    }
}
