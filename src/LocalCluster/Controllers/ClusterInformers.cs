using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Budgets;

namespace Octavo.LocalCluster.Controllers;

/// <summary>One cache of each kind, shared by all controllers.</summary>
internal sealed class ClusterInformers(IKubernetesClient client, TimeProvider time, ILogger logger)
{
    private readonly List<IInformer> all = [];

    /// <summary>Index of pods, replica sets and slices by the uid of their controller.</summary>
    public const string ByController = "controller";

    /// <summary>Index of pods and replica sets that nobody controls by their namespace: few, and looked for at every reconcile.</summary>
    public const string Orphans = "orphans";

    /// <summary>Index of pods by the node that they are bound to.</summary>
    public const string ByNode = "node";

    private const string ByLabel = "label";

    public SharedInformer<V1Pod> Pods { get; private set; } = null!;
    public SharedInformer<V1ReplicaSet> ReplicaSets { get; private set; } = null!;
    public SharedInformer<V1Deployment> Deployments { get; private set; } = null!;
    public SharedInformer<V1Job> Jobs { get; private set; } = null!;
    public SharedInformer<V1Service> Services { get; private set; } = null!;
    public SharedInformer<V1EndpointSlice> EndpointSlices { get; private set; } = null!;
    public SharedInformer<DisruptionBudget> Budgets { get; private set; } = null!;
    public SharedInformer<V1Node> Nodes { get; private set; } = null!;
    public SharedInformer<V1Lease> NodeLeases { get; private set; } = null!;
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
        Pods.AddIndex(ByLabel, static pod => (pod.Metadata.Labels ?? new Dictionary<string, string>()).Select(l => LabelKey(pod.Metadata.NamespaceProperty, l)));
        Pods.AddIndex(ByNode, static pod => pod.Spec?.NodeName is { Length: > 0 } node ? [node] : []);
        Budgets = Add<DisruptionBudget>();
        Nodes = Add<V1Node>();
        NodeLeases = Add<V1Lease>(namespaceName: "kube-node-lease");
        Namespaces = Add<V1Namespace>();
        ServiceAccounts = Add<V1ServiceAccount>("metadata.name=default");
        RootCertificates = Add<V1ConfigMap>("metadata.name=kube-root-ca.crt");
        Claims = Add<V1PersistentVolumeClaim>();
        return this;
    }

    /// <summary>The pods of a namespace that have all these labels: looked up by the rarest of them, for there may be thousands of others.</summary>
    public IReadOnlyList<V1Pod> PodsWith(string? namespaceName, IReadOnlyDictionary<string, string> labels)
    {
        if (labels.Count == 0)
        {
            return Pods.Lister.List(namespaceName);
        }

        var rarest = labels.Select(l => LabelKey(namespaceName, l)).MinBy(k => Pods.Lister.CountByIndex(ByLabel, k))!;
        return [.. Pods.Lister.ByIndex(ByLabel, rarest).Where(p => SelectorMatch.Matches(labels, p.Metadata.Labels))];
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(all.Select(i => i.RunAsync(cancellationToken)));

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => Task.WhenAll(all.Select(i => i.WaitForSyncAsync(cancellationToken)));

    private static string LabelKey(string? namespaceName, KeyValuePair<string, string> label) => $"{namespaceName}/{label.Key}={label.Value}";

    private static SharedInformer<T> Controlled<T>(SharedInformer<T> informer) where T : class, IKubernetesObject
    {
        informer.AddIndex(ByController, static entity => Ownership.ControllerOf(entity) is { } owner ? [owner.Uid] : []);
        informer.AddIndex(Orphans, static entity => Ownership.ControllerOf(entity) is null ? [entity.Metadata.NamespaceProperty ?? ""] : []);
        return informer;
    }

    private SharedInformer<T> Add<T>(string? fieldSelector = null, string? namespaceName = null) where T : class, IKubernetesObject
    {
        var informer = new SharedInformer<T>(client, new InformerOptions { FieldSelector = fieldSelector, Namespaces = namespaceName is null ? NamespaceScope.All : NamespaceScope.Of(namespaceName) }, time, logger);
        all.Add(informer);
        return informer;
    }
}
