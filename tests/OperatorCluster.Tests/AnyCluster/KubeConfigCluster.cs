using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.OperatorCluster.Tests.AnyCluster;

/// <summary>Somebody's cluster: a namespace is made and deleted again; the CustomResourceDefinition stays.</summary>
internal sealed class KubeConfigCluster : TestCluster
{
    private readonly HttpKubernetesClient client;

    public KubeConfigCluster(string kubeconfig)
    {
        Configuration = KubernetesClientConfiguration.Load(kubeconfig) with { UserAgent = "octavo-tests" };
        client = new HttpKubernetesClient(Configuration, TimeProvider.System);
    }

    public override KubernetesClientConfiguration Configuration { get; }

    public override IKubernetesClient Client => client;

    public override bool HasHollowNodes => false;

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
