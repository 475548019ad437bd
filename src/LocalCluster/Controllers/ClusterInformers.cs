using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers;

/// <summary>One cache of each kind, shared by all controllers.</summary>
internal sealed class ClusterInformers(IKubernetesClient client, TimeProvider time, ILogger logger)
{
    private readonly List<IInformer> all = [];

    /// <summary>Index of pods, replica sets and slices by the uid of their controller.</summary>
    public const string ByController = "controller";

    public SharedInformer<V1Pod> Pods { get; private set; } = null!;
    public SharedInformer<V1ReplicaSet> ReplicaSets { get; private set; } = null!;
    public SharedInformer<V1Deployment> Deployments { get; private set; } = null!;
    public SharedInformer<V1Job> Jobs { get; private set; } = null!;
    public SharedInformer<V1Service> Services { get; private set; } = null!;
    public SharedInformer<V1EndpointSlice> EndpointSlices { get; private set; } = null!;
    public SharedInformer<V1Node> Nodes { get; private set; } = null!;
    public SharedInformer<V1Namespace> Namespaces { get; private set; } = null!;
    public SharedInformer<V1ServiceAccount> ServiceAccounts { get; private set; } = null!;
    public SharedInformer<V1ConfigMap> RootCertificates { get; private set; } = null!;
    public SharedInformer<V1PersistentVolumeClaim> Claims { get; private set; } = null!;

    public ClusterInformers Create()
    {
        Pods = Controlled(Add<V1Pod>());
        ReplicaSets = Controlled(Add<V1ReplicaSet>());
        Deployments = Add<V1Deployment>();
        Jobs = Add<V1Job>();
        Services = Add<V1Service>();
        EndpointSlices = Add<V1EndpointSlice>();
        Nodes = Add<V1Node>();
        Namespaces = Add<V1Namespace>();
        ServiceAccounts = Add<V1ServiceAccount>("metadata.name=default");
        RootCertificates = Add<V1ConfigMap>("metadata.name=kube-root-ca.crt");
        Claims = Add<V1PersistentVolumeClaim>();
        return this;
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(all.Select(i => i.RunAsync(cancellationToken)));

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.WhenAll(all.Select(i => i.WaitForSyncAsync(cancellationToken)));

    private static SharedInformer<T> Controlled<T>(SharedInformer<T> informer) where T : class, IKubernetesObject
    {
        informer.AddIndex(ByController, static entity => Ownership.ControllerOf(entity) is { } owner ? [owner.Uid] : []);
        return informer;
    }

    private SharedInformer<T> Add<T>(string? fieldSelector = null) where T : class, IKubernetesObject
    {
        var informer = new SharedInformer<T>(client, new InformerOptions { FieldSelector = fieldSelector }, time, logger);
        all.Add(informer);
        return informer;
    }
}
