using Octavo.KubernetesClient;
using Octavo.LocalCluster;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.AnyCluster;

/// <summary>LocalCluster with a hollow node.</summary>
internal sealed class InProcessCluster : TestCluster
{
    private readonly LocalClusterHost host;

    private InProcessCluster(LocalClusterHost host) => this.host = host;

    public override KubernetesClientConfiguration Configuration => new()
    {
        Host = host.BaseUri,
        AccessToken = host.ApiServer.AdminToken,
        CertificateAuthorityPem = host.ApiServer.ServerCertificateAuthority,
    };

    public override IKubernetesClient Client => host.Client;

    public override bool HasHollowNodes => true;

    public static new async Task<InProcessCluster> StartAsync(CancellationToken cancellationToken) => new(await LocalClusterHost.StartAsync(
        new LocalClusterOptions { Nodes = 0, NodeList = [new ClusterNode { Name = "hollow", IsHollow = true }], TimeProvider = new HurriedTime(ClusterHarness.Pace) },
        cancellationToken));

    public override ValueTask DisposeAsync() => host.DisposeAsync();
}
