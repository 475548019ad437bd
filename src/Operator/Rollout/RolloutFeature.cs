using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;

namespace Octavo.Operator.Rollout;

/// <summary>How replicas of a new template take the place of old ones.</summary>
internal sealed class RolloutFeature : IOperatorFeature
{
    /// <summary>Pods that ended hold nothing.</summary>
    private const string UnfinishedPods = "status.phase!=Succeeded,status.phase!=Failed";

    public IReadOnlyList<Permission> Permissions =>
    [
        new("apps", "replicasets", "list watch", "which pods are of the present template"),
        new("", "nodes", "list watch", "free accelerators, before a rollout surges") { Scope = PermissionScope.Cluster },
        new("", "pods", "list watch", "what pods of others have of the nodes, before a rollout surges") { Scope = PermissionScope.Cluster },
    ];

    public void AddServices(IServiceCollection services) => services
        .AddSingleton(CreateCapacity)
        .AddSingleton(CreateView)
        .AddSingleton<IStatusPart, RolloutStatusPart>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller
        .Watches<WorkloadRevision>(ClusterView.ServiceOf, made)
        // Whose room comes or goes wakes nobody: a rollout looks again by itself, and everybody else has no use for it.
        .WatchesOptional<V1Node>(_ => [])
        .WatchesOptional<ClusterPod>(_ => [], new InformerOptions { FieldSelector = UnfinishedPods });

    private static CapacityView CreateCapacity(IServiceProvider provider)
    {
        var nodes = provider.GetRequiredService<OptionalInformer<V1Node>>();
        var pods = provider.GetRequiredService<OptionalInformer<ClusterPod>>();
        pods.Informer.AddIndex(CapacityView.NodeIndex, CapacityView.NodeOf);
        return new CapacityView(nodes.Lister, pods.Lister, () => nodes.Unavailability ?? pods.Unavailability);
    }

    private static RolloutView CreateView(IServiceProvider provider)
    {
        provider.GetRequiredService<SharedInformer<WorkloadRevision>>().AddIndex(ClusterView.ServiceIndex, revision => ClusterView.ServiceOf(revision).Select(key => key.ToString()));
        return ActivatorUtilities.CreateInstance<RolloutView>(provider);
    }
}
