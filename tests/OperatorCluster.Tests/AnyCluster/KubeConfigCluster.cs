using System.Net;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.OperatorCluster.Tests.AnyCluster;

/// <summary>Somebody's cluster: a namespace is made and deleted again; the CustomResourceDefinition stays.</summary>
internal sealed class KubeConfigCluster : TestCluster
{
    private readonly HttpKubernetesClient client;
    private bool hasHollowNodes;

    private KubeConfigCluster(string kubeconfig)
    {
        Configuration = KubernetesClientConfiguration.Load(kubeconfig) with { UserAgent = "octavo-tests" };
        client = new HttpKubernetesClient(Configuration, TimeProvider.System);
    }

    public override KubernetesClientConfiguration Configuration { get; }

    public override IKubernetesClient Client => client;

    public override bool HasHollowNodes => hasHollowNodes;

    public static async Task<KubeConfigCluster> StartAsync(string kubeconfig, CancellationToken cancellationToken)
    {
        var cluster = new KubeConfigCluster(kubeconfig);
        try
        {
            var nodes = (await cluster.client.ListAsync<V1Node>(null, null, cancellationToken)).Items;
            cluster.hasHollowNodes = nodes.Count > 0 && nodes.All(n => n.Metadata.Labels?.GetValueOrDefault("octavo.dev/node") == "hollow");
        }
        catch (KubernetesException exception) when (exception.StatusCode == HttpStatusCode.Forbidden)
        {
            // Who may not see nodes gets the tests that need none.
        }
        catch
        {
            cluster.client.Dispose();
            throw;
        }

        return cluster;
    }

    public override async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        try
        {
            await client.DeleteAsync<V1Namespace>(Namespace, null, null, limit.Token);
        }
        catch (KubernetesException exception) when (exception.IsNotFound)
        {
            // It was never made.
        }

        client.Dispose();
    }
}
