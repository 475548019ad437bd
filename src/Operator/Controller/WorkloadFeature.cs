using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;
using Octavo.Operator.Templates;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Controller;

/// <summary>The replicas, the template that they are made from, and their address.</summary>
internal sealed class WorkloadFeature : IOperatorFeature
{
    public IReadOnlyList<Permission> Permissions =>
    [
        new("apps", "deployments", "get list watch create patch", "replicas; the garbage collector deletes"),
        new("leaderworkerset.x-k8s.io", "leaderworkersets", "get list watch create patch", "replicas that span nodes, where the cluster has the API; the garbage collector deletes"),
        new("apps", "controllerrevisions", "get list watch create patch delete", "records of pod templates: written before the workload, the oldest deleted"),
        new("", "services", "get list watch create patch", "the stable address; the garbage collector deletes"),
        new("", "pods", "list watch patch", "what replicas do; patch: the annotation that tells which one goes first on scale-in"),
    ];

    public void AddServices(IServiceCollection services) => services
        .AddSingleton<DeploymentWorkload>()
        .AddSingleton(CreateSets)
        .AddSingleton<ServingWorkloads>()
        .AddSingleton<TemplateRecords>()
        .AddSingleton<VictimHints>()
        .AddSingleton<ISubReconciler, WorkloadReconciler>()
        .AddSingleton<ISubReconciler, ServiceReconciler>()
        .AddSingleton<IStatusPart, ReplicaStatusPart>()
        .AddSingleton<IStatusPart, TemplateStatusPart>();

    public void Watch(ControllerBuilder<V1Alpha1InferenceService> controller, InformerOptions made) => controller
        .Owns<V1Deployment>(made)
        .OwnsOptional<V1LeaderWorkerSet>(made)
        .Owns<V1ControllerRevision>(made)
        .Owns<V1Service>(made)
        .Watches<V1Pod>(ClusterView.ServiceOf, made);

    private static LeaderWorkerSetWorkload CreateSets(IServiceProvider provider)
    {
        var informer = provider.GetRequiredService<OptionalInformer<V1LeaderWorkerSet>>();
        return new LeaderWorkerSetWorkload(informer.Lister, () => informer.Unavailability, provider.GetRequiredService<ObjectApplier>());
    }
}
