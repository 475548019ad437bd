using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Namespaces;

/// <summary>Gives every namespace its ServiceAccount <c>default</c> and the ConfigMap with the API server's certificate authority, and restores them.</summary>
internal sealed class NamespaceDefaultsController : QueueController
{
    private const string RootCertificateName = "kube-root-ca.crt";

    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly string certificateAuthority;

    public NamespaceDefaultsController(IKubernetesClient client, ClusterInformers informers, string certificateAuthority, TimeProvider time, ILogger logger)
        : base("namespace-defaults", time, logger)
    {
        this.client = client;
        this.informers = informers;
        this.certificateAuthority = certificateAuthority;
        informers.Namespaces.AddEventHandler(ns => Queue.Add(NamespacedName.Of(ns)), (_, ns) => Queue.Add(NamespacedName.Of(ns)));
        informers.ServiceAccounts.AddEventHandler(onDelete: account => Queue.Add(new NamespacedName(null, account.Metadata.NamespaceProperty!)));
        informers.RootCertificates.AddEventHandler(
            onUpdate: (_, map) => Queue.Add(new NamespacedName(null, map.Metadata.NamespaceProperty!)),
            onDelete: map => Queue.Add(new NamespacedName(null, map.Metadata.NamespaceProperty!)));
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (informers.Namespaces.Lister.Get(key) is not { Metadata.DeletionTimestamp: null })
        {
            return null;
        }

        if (informers.ServiceAccounts.Lister.Get(key.Name, "default") is null)
        {
            await CreateAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "default", NamespaceProperty = key.Name } }, cancellationToken).ConfigureAwait(false);
        }

        var existing = informers.RootCertificates.Lister.Get(key.Name, RootCertificateName);
        var data = new Dictionary<string, string> { ["ca.crt"] = certificateAuthority };
        if (existing is null)
        {
            await CreateAsync(new V1ConfigMap
            {
                Metadata = new V1ObjectMeta
                {
                    Name = RootCertificateName,
                    NamespaceProperty = key.Name,
                    Annotations = new Dictionary<string, string>
                    {
                        ["kubernetes.io/description"] = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. "
                            + "No other usage is guaranteed across distributions of Kubernetes clusters.",
                    },
                },
                Data = data,
            }, cancellationToken).ConfigureAwait(false);
        }
        else if (existing.Data?.GetValueOrDefault("ca.crt") != certificateAuthority)
        {
            await client.UpdateAsync(existing with { Data = data }, Write, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    private async Task CreateAsync<T>(T entity, CancellationToken cancellationToken) where T : class, IKubernetesObject
    {
        try
        {
            await client.CreateAsync(entity, Write, cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException exception) when (exception.IsAlreadyExists || exception.StatusCode == System.Net.HttpStatusCode.Forbidden)
        {
            // Somebody was quicker, or the namespace is on its way out.
        }
    }
}
