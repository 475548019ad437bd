using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Tests.Scheduling;

public sealed class NodeStateTests
{
    private static readonly V1Node Node = new()
    {
        Metadata = new V1ObjectMeta { Name = "a" },
        Status = new V1NodeStatus { Allocatable = new Dictionary<string, string> { ["cpu"] = "2", ["pods"] = "3", ["nvidia.com/gpu"] = "1" } },
    };

    [Fact]
    public void WithAndWithout_PodsComeAndGo_CountAsIfReadAnew()
    {
        var pods = Enumerable.Range(0, 5).Select(i => Pod(i, $"{100 * (i + 1)}m")).ToList();
        var state = NodeState.Of(Node, []);
        foreach (var pod in pods)
        {
            state = state.With(PodDemand.Of(pod));
        }

        state = state.Without("1").Without("3").Without("unknown");
        var anew = NodeState.Of(Node, [pods[0], pods[2], pods[4]]);
        state.Requested["cpu"].Should().Be(anew.Requested["cpu"]).And.Be(0.9m);
        state.Pods.Select(p => p.Metadata.Uid).Should().Equal("0", "2", "4");
    }

    [Fact]
    public void Reasons_PortTaken_NamesThePort()
    {
        V1Pod Listening(string uid) => Pod(0, "1m") with
        {
            Metadata = new V1ObjectMeta { Uid = uid },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Ports = [new V1ContainerPort { ContainerPort = 80, HostPort = 80 }] }] },
        };
        NodeFilter.Reasons(Listening("b"), NodeState.Of(Node, [Listening("a")])).Should().Equal("node(s) didn't have free ports for the requested pod ports");
        NodeFilter.Reasons(Listening("b"), NodeState.Of(Node, [])).Should().BeEmpty();
    }

    [Theory]
    [InlineData("k", "Exists", "", "", true)]
    [InlineData("", "Exists", "", "", true)]
    [InlineData("", "Equal", "", "", false)]
    [InlineData("k", "Equal", "v", "NoSchedule", true)]
    [InlineData("k", "Equal", "w", "NoSchedule", false)]
    [InlineData("k", "Exists", "", "NoExecute", false)]
    public void Tolerates_TaintOfKeyAndValue_FollowsTheOperator(string key, string @operator, string value, string effect, bool expected) =>
        NodeFilter.Tolerates(new V1Toleration { Key = key, Operator = @operator, Value = value, Effect = effect }, new V1Taint { Key = "k", Value = "v", Effect = "NoSchedule" })
            .Should().Be(expected);

    private static V1Pod Pod(int number, string cpu) => new()
    {
        Metadata = new V1ObjectMeta { Name = $"p{number}", Uid = $"{number}" },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "c", Resources = new V1ResourceRequirements { Requests = new Dictionary<string, string> { ["cpu"] = cpu } } }] },
    };
}
