using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.OperatorCluster.Tests.Chaos;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.Behaviour;

/// <summary>The operator as it is composed, over an API server with schemas, ownership and conflicts: one life of one service.</summary>
public sealed class SmokeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Service_FromCreationToDeletion_IsServedQuietAndLeavesNothing()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        var stop = timeout.Token;
        await using var harness = await ClusterHarness.StartAsync(
            new LocalClusterOptions { NodeList = [new ClusterNode { Name = "node-0", IsHollow = true, Resources = new Dictionary<string, string> { [ServiceWish.Resource] = "2" } }] }, stop);
        await using var watch = await InvariantWatch.StartAsync(harness.Client, new HurriedTime(ClusterHarness.Pace), stop);
        await harness.StartOperatorAsync("a", stop);

        watch.UserWrote(await harness.ApplyAsync("chat", new ServiceWish(2, 1, 0).ToSpec(), stop));
        await ClusterHarness.UntilAsync(
            async () => (await harness.FindAsync("chat", stop))?.Status is { ReadyReplicas: 2 } status && status.Conditions!.Any(c => c is { Type: "Ready", Status: "True" })
                && status.Conditions!.All(c => c.Type != "Reconciling") ? null : "ready replicas",
            Limit,
            stop);

        await harness.UntilQuietAsync(stop);
        (await ObjectVersions.ChangesDuringAsync(harness.Client, TimeSpan.FromSeconds(1), stop)).Should().BeEmpty();
        watch.Violations.Should().BeEmpty();
        watch.Statuses.Should().BePositive();
        harness.Writes.Writes.Select(w => w.Kind).Should().Contain(["Deployment", "Service", "InferenceService", "Lease"]);

        await harness.Client.DeleteAsync<Octavo.Operator.Entities.V1Alpha1InferenceService>("chat", ClusterHarness.Namespace, null, stop);
        await ClusterHarness.UntilAsync(
            async () =>
            {
                var left = await ObjectVersions.ReadAsync(harness.Client, stop);
                var ours = left.Keys.Where(k => k.Contains("/chat", StringComparison.Ordinal) && !k.StartsWith("events", StringComparison.Ordinal)).ToList();
                return ours.Count == 0 ? null : string.Join(", ", ours);
            },
            Limit,
            stop);
        (await harness.Client.FindAsync<V1Deployment>("chat", ClusterHarness.Namespace, stop)).Should().BeNull();
    }
}
