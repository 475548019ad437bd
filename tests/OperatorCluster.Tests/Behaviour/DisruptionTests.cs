using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.OperatorCluster.Tests.Chaos;
using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.Behaviour;

/// <summary>What evictions, as of a drain, do to a service.</summary>
public sealed class DisruptionTests
{
    private const string Name = "chat";
    private const string Node = "node-0";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Eviction_TwoReplicas_OneGoesTheOtherWhenItsSuccessorIsReadyAndTheLastAlways()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        var stop = timeout.Token;
        await using var harness = await ClusterHarness.StartAsync(new LocalClusterOptions { NodeList = [new ClusterNode { Name = Node, IsHollow = true }] }, stop);
        await harness.StartOperatorAsync("a", stop);
        var wish = new ServiceWish(2, 0, 0);
        await harness.ApplyAsync(Name, wish.ToSpec(), stop);
        await UntilAllowedAsync(1);
        var pods = await PodsAsync();

        await CordonAsync(true);
        (await EvictAsync(pods[0])).Should().BeNull("one may go");
        (await EvictAsync(pods[1])).Should().Be(HttpStatusCode.TooManyRequests, "the other is the last that answers");
        await CordonAsync(false);
        await ClusterHarness.UntilAsync(
            async () => (await PodsAsync()).All(p => p.Metadata.Uid != pods[0].Metadata.Uid) && (await BudgetAsync())?.Status?.DisruptionsAllowed == 1 ? null : "a successor", Limit, stop);
        (await EvictAsync(pods[1])).Should().BeNull("its successor answers");

        await harness.ApplyAsync(Name, (wish with { Replicas = 1 }).ToSpec(), stop);
        await ClusterHarness.UntilAsync(async () => await BudgetAsync() is null && (await PodsAsync()).Count == 1 ? null : "one replica, no budget", Limit, stop);
        (await EvictAsync((await PodsAsync())[0])).Should().BeNull("a single replica holds up no drain");

        async Task UntilAllowedAsync(int count) =>
            await ClusterHarness.UntilAsync(async () => (await BudgetAsync())?.Status?.DisruptionsAllowed == count ? null : $"a budget that allows {count}", Limit, stop);

        async Task<V1PodDisruptionBudget?> BudgetAsync() => await harness.Client.FindAsync<V1PodDisruptionBudget>(Name, ClusterHarness.Namespace, stop);

        async Task<IReadOnlyList<V1Pod>> PodsAsync() =>
            [.. (await harness.Client.ListAsync<V1Pod>(ClusterHarness.Namespace, null, stop)).Items.Where(p => p.Metadata.DeletionTimestamp is null)];

        async Task CordonAsync(bool isCordoned) => await harness.Client.PatchAsync<V1Node>(
            Node, null, new V1Patch(new JsonObject { ["spec"] = new JsonObject { ["unschedulable"] = isCordoned } }, V1PatchType.MergePatch), null, null, stop);

        async Task<HttpStatusCode?> EvictAsync(V1Pod pod)
        {
            var body = new JsonObject
            {
                ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new JsonObject { ["name"] = pod.Metadata.Name, ["namespace"] = ClusterHarness.Namespace },
            };
            try
            {
                await harness.Client.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ClusterHarness.Namespace}/pods/{pod.Metadata.Name}/eviction", body, null, stop);
                return null;
            }
            catch (KubernetesException e)
            {
                return e.StatusCode;
            }
        }
    }
}
