using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node;

namespace Octavo.LocalCluster.Tests.Node.Hollow;

/// <summary>Clusters of hollow nodes, over the real API server and controllers.</summary>
public sealed class HollowNodesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Deployments_OnTenNodes_AllGetReadyAndNoNodeIsOvercommitted()
    {
        await using var host = await StartAsync(Enumerable.Range(0, 10).Select(i => $"gpu-{i},hollow,nvidia.com/gpu=8"), new NodeTimings());
        for (var i = 0; i < 8; i++)
        {
            await host.Client.CreateAsync(Deployment($"web-{i}", 10), null, CancellationToken.None);
        }

        await UntilAsync(host, async () => (await DeploymentsAsync(host)).All(d => d.Status?.AvailableReplicas == 10));
        var pods = (await host.Client.ListAsync<V1Pod>("default", null, CancellationToken.None)).Items;
        pods.GroupBy(p => p.Spec!.NodeName).Should().OnlyContain(g => g.Count() == 8);

        await host.Client.CreateAsync(Deployment("surplus", 1), null, CancellationToken.None);
        await UntilAsync(host, async () => (await host.Client.ListAsync<V1Pod>("default", new ListOptions { LabelSelector = "app=surplus" }, CancellationToken.None)).Items
            .Any(p => p.Status?.Conditions?.Any(c => c.Message?.StartsWith("0/10 nodes are available: 10 Insufficient nvidia.com/gpu.", StringComparison.Ordinal) == true) == true));
        await host.Client.DeleteAsync<V1Deployment>("web-0", "default", null, CancellationToken.None);
        await UntilAsync(host, async () => (await host.Client.GetAsync<V1Deployment>("surplus", "default", CancellationToken.None)).Status?.AvailableReplicas == 1);
    }

    [Fact]
    public async Task Fail_NodeFallsSilent_PodsAreReplacedElsewhereAndTheOldOnesGoWhenItIsBack()
    {
        var timings = new NodeTimings { LeaseRenewal = TimeSpan.FromMilliseconds(200) };
        await using var host = await StartAsync(["one,hollow,nvidia.com/gpu=1", "two,hollow,nvidia.com/gpu=1"], timings);
        await host.Client.CreateAsync(Deployment("web", 1, tolerationSeconds: 0), null, CancellationToken.None);
        await UntilAsync(host, async () => (await DeploymentsAsync(host)).All(d => d.Status?.AvailableReplicas == 1));
        var lost = (await host.Client.ListAsync<V1Pod>("default", null, CancellationToken.None)).Items.Single();

        await host.HollowNodes.FailAsync(lost.Spec!.NodeName!);
        await UntilAsync(host, async () => (await DeploymentsAsync(host)).All(d => d.Status?.AvailableReplicas == 1)
            && (await host.Client.GetAsync<V1Pod>(lost.Metadata.Name!, "default", CancellationToken.None)).Metadata.DeletionTimestamp is not null);
        var node = await host.Client.GetAsync<V1Node>(lost.Spec.NodeName!, null, CancellationToken.None);
        node.Status!.Conditions!.Should().OnlyContain(c => c.Status == "Unknown" && c.Reason == "NodeStatusUnknown");
        node.Spec!.Taints!.Select(t => (t.Key, t.Effect)).Should().BeEquivalentTo([("node.kubernetes.io/unreachable", "NoSchedule"), ("node.kubernetes.io/unreachable", "NoExecute")]);

        await host.HollowNodes.RecoverAsync(lost.Spec.NodeName!, CancellationToken.None);
        await UntilAsync(host, async () => await host.Client.FindAsync<V1Pod>(lost.Metadata.Name!, "default", CancellationToken.None) is null
            && (await host.Client.GetAsync<V1Node>(lost.Spec.NodeName!, null, CancellationToken.None)).Spec?.Taints is null or { Count: 0 });
    }

    [Fact]
    public async Task Recover_OthersWriteTheNodeAtTheSameTime_IsTriedAgain()
    {
        await using var host = await StartAsync(["one,hollow"], new NodeTimings());
        await host.HollowNodes.FailAsync("one");
        host.Faults.Add(new FaultRule { Kind = FaultKind.Conflict, Client = "octavo-local", Resources = ["nodes"], Limit = 4 });

        await host.HollowNodes.RecoverAsync("one", CancellationToken.None);

        host.Faults.Injected[FaultKind.Conflict].Should().BePositive();
        (await host.Client.GetAsync<V1Node>("one", null, CancellationToken.None)).Status!.Conditions!.Should().Contain(c => c.Type == "Ready" && c.Status == "True");
    }

    [Fact]
    public async Task LeaderWorkerSet_ItsDefinitionComes_GroupsAreMadeAndMadeAnewAsAWhole()
    {
        await using var host = await StartAsync(["one,hollow"], new NodeTimings());
        await host.Client.SendAsync(HttpMethod.Post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", JsonNode.Parse("""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"leaderworkersets.leaderworkerset.x-k8s.io"},
             "spec":{"group":"leaderworkerset.x-k8s.io","names":{"kind":"LeaderWorkerSet","plural":"leaderworkersets"},"scope":"Namespaced","versions":[{"name":"v1","served":true,"storage":true,
             "subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true},"status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}}
            """), null, CancellationToken.None);
        const string Sets = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/default/leaderworkersets";
        var set = JsonNode.Parse("""
            {"apiVersion":"leaderworkerset.x-k8s.io/v1","kind":"LeaderWorkerSet","metadata":{"name":"big"},
             "spec":{"replicas":2,"leaderWorkerTemplate":{"size":3,"workerTemplate":{"spec":{"containers":[{"name":"main","image":"any:1"}]}}}}}
            """);
        await UntilAsync(host, async () =>
        {
            try
            {
                await host.Client.SendAsync(HttpMethod.Post, Sets, set, null, CancellationToken.None);
                return true;
            }
            catch (KubernetesException exception) when (exception.IsNotFound)
            {
                return false; // A definition is served a moment after it was written.
            }
        });
        Task<JsonNode?> ReadAsync() => host.Client.SendAsync(HttpMethod.Get, $"{Sets}/big", null, null, CancellationToken.None);
        await UntilAsync(host, async () => (await ReadAsync())?["status"]?["readyReplicas"]?.GetValue<int>() == 2);
        var pods = (await host.Client.ListAsync<V1Pod>("default", null, CancellationToken.None)).Items;
        pods.Select(p => p.Metadata.Name).Should().BeEquivalentTo("big-0", "big-0-1", "big-0-2", "big-1", "big-1-1", "big-1-2");

        await host.Client.SendAsync(HttpMethod.Post, "/apis/policy/v1/namespaces/default/poddisruptionbudgets", JsonNode.Parse("""
            {"metadata":{"name":"big"},"spec":{"maxUnavailable":1,"selector":{"matchLabels":{"leaderworkerset.sigs.k8s.io/name":"big"}}}}
            """), null, CancellationToken.None);
        await UntilAsync(host, async () => (await host.Client.GetAsync<V1PodDisruptionBudget>("big", "default", CancellationToken.None)).Status is { ExpectedPods: 6, DesiredHealthy: 5, DisruptionsAllowed: 1 });

        var uid = pods.Single(p => p.Metadata.Name == "big-1-2").Metadata.Uid;
        await host.Client.DeleteAsync<V1Pod>("big-1", "default", null, CancellationToken.None);
        await UntilAsync(host, async () => await host.Client.FindAsync<V1Pod>("big-1-2", "default", CancellationToken.None) is { } worker && worker.Metadata.Uid != uid
            && (await ReadAsync())?["status"]?["readyReplicas"]?.GetValue<int>() == 2);
    }

    private static Task<LocalClusterHost> StartAsync(IEnumerable<string> nodes, NodeTimings timings) => LocalClusterHost.StartAsync(
        new LocalClusterOptions
        {
            Nodes = 0,
            NodeList = [.. nodes.Select(ClusterNode.Parse)],
            NodeTimings = timings,
            Controllers = new ControllerManagerOptions { NodeGracePeriod = TimeSpan.FromSeconds(timings.LeaseRenewal < TimeSpan.FromSeconds(1) ? 5 : 50) },
        },
        CancellationToken.None);

    private static async Task<IReadOnlyList<V1Deployment>> DeploymentsAsync(LocalClusterHost host) =>
        (await host.Client.ListAsync<V1Deployment>("default", null, CancellationToken.None)).Items;

    private static async Task UntilAsync(LocalClusterHost host, Func<Task<bool>> holds)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
            {
                var pods = (await host.Client.ListAsync<V1Pod>("default", null, CancellationToken.None)).Items;
                throw new TimeoutException(string.Join("\n", pods.Select(p => $"{p.Metadata.Name} {p.Spec?.NodeName} {p.Status?.Phase} {p.Metadata.DeletionTimestamp}")));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private static V1Deployment Deployment(string name, int replicas, long? tolerationSeconds = null)
    {
        var labels = new Dictionary<string, string> { ["app"] = name };
        return new V1Deployment
        {
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
            Spec = new V1DeploymentSpec
            {
                Replicas = replicas,
                Selector = new V1LabelSelector { MatchLabels = labels },
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = labels },
                    Spec = new V1PodSpec
                    {
                        Tolerations = tolerationSeconds is null ? null : [new V1Toleration { Key = "node.kubernetes.io/unreachable", Operator = "Exists", Effect = "NoExecute", TolerationSeconds = tolerationSeconds }],
                        Containers =
                        [
                            new V1Container
                            {
                                Name = "main",
                                Image = "any:1",
                                Resources = new V1ResourceRequirements { Limits = new Dictionary<string, string> { ["nvidia.com/gpu"] = "1" } },
                            },
                        ],
                    },
                },
            },
        };
    }
}
