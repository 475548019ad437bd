using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Nodes;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Nodes;

public sealed class NodeTaintsTests
{
    private static readonly V1Taint Foreign = new() { Key = "dedicated", Value = "db", Effect = "NoSchedule" };

    [Theory]
    [InlineData("True", "")]
    [InlineData("False", "node.kubernetes.io/not-ready:NoSchedule node.kubernetes.io/not-ready:NoExecute")]
    [InlineData("Unknown", "node.kubernetes.io/unreachable:NoSchedule node.kubernetes.io/unreachable:NoExecute")]
    public void Wanted_ReadyCondition_GivesItsTaintsAndKeepsThoseOfOthers(string ready, string expected)
    {
        var before = Node(ready, Foreign, new V1Taint { Key = NodeTaints.NotReady, Effect = "NoExecute", TimeAdded = Now });
        var wanted = NodeTaints.Wanted(before, Now.AddMinutes(1));
        wanted.Should().Contain(Foreign);
        string.Join(' ', wanted.Where(t => t != Foreign).Select(t => $"{t.Key}:{t.Effect}").Order(StringComparer.Ordinal))
            .Should().Be(string.Join(' ', expected.Split(' ').Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Wanted_NothingToChange_IsTheSameList()
    {
        var node = Node("True", Foreign);
        NodeTaints.Wanted(node, Now).Should().BeSameAs(node.Spec!.Taints);
    }

    [Theory]
    [InlineData(null, 0)]
    [InlineData(300, 300)]
    public void EvictAt_Toleration_SaysHowLong(int? tolerated, int seconds)
    {
        var node = Node("Unknown", new V1Taint { Key = NodeTaints.Unreachable, Effect = "NoExecute", TimeAdded = Now });
        var pod = Pod("p");
        if (tolerated is { } time)
        {
            pod = pod with { Spec = pod.Spec! with { Tolerations = [new V1Toleration { Key = NodeTaints.Unreachable, Operator = "Exists", Effect = "NoExecute", TolerationSeconds = time }] } };
        }

        NodeTaints.EvictAt(pod, node, Now).Should().Be(Now.AddSeconds(seconds));
    }

    [Fact]
    public void EvictAt_ToleratedForEver_IsNever()
    {
        var pod = Pod("p");
        pod = pod with { Spec = pod.Spec! with { Tolerations = [new V1Toleration { Operator = "Exists" }] } };
        NodeTaints.EvictAt(pod, Node("Unknown", new V1Taint { Key = NodeTaints.Unreachable, Effect = "NoExecute" }), Now).Should().BeNull();
    }

    private static V1Node Node(string ready, params V1Taint[] taints) => new()
    {
        Metadata = new V1ObjectMeta { Name = "a" },
        Spec = new V1NodeSpec { Taints = taints },
        Status = new V1NodeStatus { Conditions = [new V1NodeCondition { Type = "Ready", Status = ready }] },
    };
}
