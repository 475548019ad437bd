using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.AnyCluster;

/// <summary>
/// A cluster that tests may use a namespace of: the one of <c>OCTAVO_TEST_KUBECONFIG</c>, an API server from the binaries in <c>KUBEBUILDER_ASSETS</c>, or
/// LocalCluster where neither is set.
/// </summary>
internal abstract class TestCluster : IAsyncDisposable
{
    public abstract KubernetesClientConfiguration Configuration { get; }

    /// <summary>With the rights of who runs the tests.</summary>
    public abstract IKubernetesClient Client { get; }

    /// <summary>Whether pods become ready although their images do not exist.</summary>
    public abstract bool HasHollowNodes { get; }

    public string Namespace { get; } = $"octavo-test-{Guid.NewGuid().ToString("n")[..8]}";

    /// <summary>The CustomResourceDefinition is installed, the namespace exists and may have pods.</summary>
    public static async Task<TestCluster> StartAsync(CancellationToken cancellationToken)
    {
        TestCluster cluster = Environment.GetEnvironmentVariable("OCTAVO_TEST_KUBECONFIG") is { Length: > 0 } kubeconfig ? await KubeConfigCluster.StartAsync(kubeconfig, cancellationToken)
            : Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } assets ? await AssetsCluster.StartAsync(assets, cancellationToken)
            : await InProcessCluster.StartAsync(cancellationToken);
        try
        {
            await CustomResources.InstallAsync(cluster.Client, cancellationToken);
            await cluster.Client.CreateAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = cluster.Namespace } }, null, cancellationToken);
            await ClusterHarness.UntilAsync(
                async () => await cluster.Client.FindAsync<V1ServiceAccount>("default", cluster.Namespace, cancellationToken) is null ? "the service account default" : null,
                TimeSpan.FromSeconds(30),
                cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public abstract ValueTask DisposeAsync();
}
