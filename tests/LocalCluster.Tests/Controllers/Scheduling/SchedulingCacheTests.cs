using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Scheduling;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Scheduling;

public sealed class SchedulingCacheTests
{
    private readonly SchedulingCache cache = new();

    public SchedulingCacheTests() => cache.Set(Node("a", "nvidia.com/gpu=1"));

    [Fact]
    public void Place_BindingUnderWay_CountsAtOnce()
    {
        Place("one").Should().Be("a");
        Place("two").Should().BeNull();
        Place("one").Should().Be("a", "a binding whose answer was lost is asked for again on the same node");
    }

    [Fact]
    public void Forget_BindingRefused_FreesTheNode()
    {
        Place("one");
        cache.Forget("uid-one");
        Place("two").Should().Be("a");
    }

    [Fact]
    public void Observe_BoundPodFinishesOrGoes_SaysThatRoomWasFreed()
    {
        var pod = Gpu("one", node: "a");
        cache.Observe(pod, isWaiting: false).Should().BeFalse();
        cache.Observe(pod with { Status = pod.Status! with { Phase = "Succeeded" } }, isWaiting: false).Should().BeTrue();
        cache.Remove(pod).Should().BeFalse();
        Place("two").Should().Be("a");
    }

    [Fact]
    public void Set_NodeComesAfterItsPods_CountsThem()
    {
        cache.Observe(Gpu("one", node: "b"), isWaiting: false);
        cache.Remove(Node("a", ""));
        cache.Set(Node("b", "nvidia.com/gpu=1"));
        Place("two").Should().BeNull();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Place_RandomComingsAndGoings_NeverGivesMoreThanThereIs(int seed)
    {
        var random = new Random(seed);
        var nodes = Enumerable.Range(0, 5).Select(i => Node($"n{i}", $"nvidia.com/gpu={i + 1}")).ToList();
        nodes.ForEach(cache.Set);
        var bound = new Dictionary<string, V1Pod>();
        for (var i = 0; i < 500; i++)
        {
            if (random.Next(3) > 0 || bound.Count == 0)
            {
                var pod = Gpu($"p{i}", node: null);
                if (cache.Place(pod, n => SchedulingPlanner.Decide(pod, n)).NodeName is { } node)
                {
                    bound[pod.Metadata.Uid!] = pod with { Spec = pod.Spec! with { NodeName = node } };
                    if (random.Next(2) == 0)
                    {
                        cache.Observe(bound[pod.Metadata.Uid!], isWaiting: false);
                    }
                }
            }
            else
            {
                var gone = bound.Values.ElementAt(random.Next(bound.Count));
                bound.Remove(gone.Metadata.Uid!);
                cache.Remove(gone);
            }

            bound.Values.GroupBy(p => p.Spec!.NodeName!).Where(g => g.Count() > (g.Key == "a" ? 1 : g.Key[1] - '0' + 1)).Should().BeEmpty();
        }

        bound.Count.Should().BePositive();
    }

    private string? Place(string name)
    {
        var pod = Gpu(name, node: null);
        return cache.Place(pod, nodes => SchedulingPlanner.Decide(pod, nodes)).NodeName;
    }

    private static V1Pod Gpu(string name, string? node) => Pod(name, node: node, requests: Labels("nvidia.com/gpu=1"));

    private static V1Node Node(string name, string resource) => new()
    {
        Metadata = new V1ObjectMeta { Name = name },
        Status = new V1NodeStatus
        {
            Allocatable = Labels(resource.Length == 0 ? ["pods=110"] : ["pods=110", resource]),
            Conditions = [new V1NodeCondition { Type = "Ready", Status = "True" }],
        },
    };
}
