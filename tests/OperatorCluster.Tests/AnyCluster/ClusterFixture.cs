using Octavo.Operator.Configuration;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.AnyCluster;

/// <summary>One cluster and one operator in it, which looks at the tests' namespace only, as one with a Role would.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private OperatorInstance? instance;

    internal TestCluster Cluster { get; private set; } = null!;

    internal WriteRecorder Writes { get; } = new();

    internal LogTail Log { get; } = new();

    public async Task InitializeAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        Cluster = await TestCluster.StartAsync(timeout.Token);
        instance = await OperatorInstance.StartAsync(
            "test",
            Cluster.Configuration,
            new OperatorOptions { WatchNamespaces = [Cluster.Namespace], LeaderElect = true, LeaderElectionNamespace = Cluster.Namespace, AutoscalingInterval = TimeSpan.FromMinutes(5) },
            TimeProvider.System,
            Writes,
            Log,
            timeout.Token);
    }

    public async Task DisposeAsync()
    {
        if (instance is not null)
        {
            await instance.DisposeAsync();
        }

        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }
    }
}
