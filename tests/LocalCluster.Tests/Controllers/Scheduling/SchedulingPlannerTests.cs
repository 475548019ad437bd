using System.Text.Json;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Scheduling;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Scheduling;

public sealed class SchedulingPlannerTests
{
    [Fact]
    public void Decide_NoGpuAnywhere_SaysTheSchedulersSentence() =>
        SchedulingPlanner.Decide(Wanting("nvidia.com/gpu=1"), [Node("a"), Node("b"), Node("c")]).Message.Should().Be(
            "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.");

    [Fact]
    public void Decide_SeveralObstacles_CountsEach() =>
        SchedulingPlanner.Decide(Wanting("nvidia.com/gpu=2", "cpu=64"), [Node("a", "nvidia.com/gpu=1"), Tainted("b"), Unschedulable("c")]).Message.Should().Be(
            "0/3 nodes are available: 1 Insufficient cpu, 1 Insufficient nvidia.com/gpu, 1 node(s) had untolerated taint {dedicated: db}, 1 node(s) were unschedulable. "
            + "preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.");

    [Fact]
    public void Decide_NoNodes_SaysSo() => SchedulingPlanner.Decide(Wanting(), []).Message.Should().Be("no nodes available to schedule pods");

    [Fact]
    public void Decide_GpusTakenByOtherPods_CountsThem()
    {
        var node = Node("a", "nvidia.com/gpu=2");
        var full = NodeState.Of(node.Node, [Wanting("nvidia.com/gpu=1"), Wanting("nvidia.com/gpu=1")]);
        SchedulingPlanner.Decide(Wanting("nvidia.com/gpu=1"), [full]).NodeName.Should().BeNull();
        SchedulingPlanner.Decide(Wanting("nvidia.com/gpu=1"), [NodeState.Of(node.Node, [Wanting("nvidia.com/gpu=1")])]).NodeName.Should().Be("a");
    }

    [Fact]
    public void Decide_TaintTolerated_TakesTheNode()
    {
        var pod = Wanting();
        var tolerant = pod with { Spec = pod.Spec! with { Tolerations = [new V1Toleration { Key = "dedicated", Operator = "Equal", Value = "db", Effect = "NoSchedule" }] } };
        SchedulingPlanner.Decide(tolerant, [Tainted("b")]).NodeName.Should().Be("b");
    }

    [Theory]
    [InlineData("In", "h200", "a")]
    [InlineData("NotIn", "h200", "b")]
    [InlineData("Exists", "", "a")]
    [InlineData("In", "a100", null)]
    public void Decide_RequiredAffinity_IsObeyed(string @operator, string value, string? expected)
    {
        var affinity = JsonSerializer.SerializeToElement(new
        {
            nodeAffinity = new
            {
                requiredDuringSchedulingIgnoredDuringExecution = new
                {
                    nodeSelectorTerms = new[] { new { matchExpressions = new[] { new { key = "gpu", @operator, values = value.Length == 0 ? Array.Empty<string>() : [value] } } } },
                },
            },
        });
        var pod = Wanting();
        var decision = SchedulingPlanner.Decide(pod with { Spec = pod.Spec! with { Affinity = affinity } }, [Labelled("a", "gpu=h200"), Node("b")]);
        decision.NodeName.Should().Be(expected);
        if (expected is null)
        {
            decision.Message.Should().StartWith("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.");
        }
    }

    [Fact]
    public void Decide_NodeSelectorAndFullNode_NamesBoth()
    {
        var pod = Wanting("cpu=1");
        var selective = pod with { Spec = pod.Spec! with { NodeSelector = Labels("zone=x") } };
        var crowded = NodeState.Of(Labelled("a", "zone=x").Node with { Status = new V1NodeStatus { Allocatable = Labels("cpu=4", "pods=1") } }, [Pod("other")]);
        SchedulingPlanner.Decide(selective, [crowded, Node("b")]).Message.Should().StartWith("0/2 nodes are available: 1 Too many pods, 1 node(s) didn't match Pod's node affinity/selector.");
    }

    [Fact]
    public void Decide_ReplicasOfOneOwner_AreSpread()
    {
        V1Pod Owned(string name) => Pod(name) with
        {
            Metadata = Pod(name).Metadata with { OwnerReferences = [new V1OwnerReference { ApiVersion = "apps/v1", Kind = "ReplicaSet", Name = "rs", Uid = "rs", Controller = true }] },
        };
        var taken = NodeState.Of(Node("a").Node, [Owned("one")]);
        var crowdedByOthers = NodeState.Of(Node("b").Node, [Pod("x"), Pod("y")]);
        SchedulingPlanner.Decide(Owned("two"), [taken, crowdedByOthers]).NodeName.Should().Be("b");
    }

    [Fact]
    public void OfPod_InitContainersAndLimits_TakeTheLargerAndStandInForRequests()
    {
        var pod = new V1Pod
        {
            Spec = new V1PodSpec
            {
                InitContainers = [Container("init", "cpu=3"), Container("sidecar", "cpu=1") with { RestartPolicy = "Always" }],
                Containers = [Container("a", "cpu=1"), new V1Container { Name = "b", Resources = new V1ResourceRequirements { Limits = Labels("nvidia.com/gpu=1") } }],
            },
        };
        ResourceAmounts.OfPod(pod).Should().Equal(new Dictionary<string, decimal> { ["cpu"] = 3, ["nvidia.com/gpu"] = 1 });
    }

    private static V1Container Container(string name, string request) => new() { Name = name, Resources = new V1ResourceRequirements { Requests = Labels(request) } };

    private static V1Pod Wanting(params string[] requests) => Pod("wanting-" + Guid.NewGuid(), phase: "Pending", node: null, ready: false, requests: Labels(requests));

    private static NodeState Node(string name, params string[] resources) => NodeState.Of(
        new V1Node
        {
            Metadata = new V1ObjectMeta { Name = name },
            Status = new V1NodeStatus { Allocatable = Labels(["cpu=8", "memory=16Gi", "pods=110", .. resources]) },
        }, []);

    private static NodeState Labelled(string name, string label) => NodeState.Of(Node(name).Node with { Metadata = new V1ObjectMeta { Name = name, Labels = Labels(label) } }, []);

    private static NodeState Tainted(string name) =>
        NodeState.Of(Node(name).Node with { Spec = new V1NodeSpec { Taints = [new V1Taint { Key = "dedicated", Value = "db", Effect = "NoSchedule" }] } }, []);

    private static NodeState Unschedulable(string name) => NodeState.Of(Node(name).Node with { Spec = new V1NodeSpec { Unschedulable = true } }, []);
}
