using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Pods;

namespace Octavo.LocalCluster.Tests.Node.Pods;

public sealed class PodStatusBuilderTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string, string, string> Phases => new()
    {
        { "Always", "", "waiting", "Pending" },
        { "Always", "", "running", "Running" },
        { "Always", "", "exit0", "Running" },
        { "Always", "", "crashloop", "Running" },
        { "Always", "running", "waiting", "Pending" },
        { "Always", "exit1", "waiting", "Pending" },
        { "Never", "exit1", "waiting", "Failed" },
        { "Never", "exit0", "exit0", "Succeeded" },
        { "Never", "", "exit1", "Failed" },
        { "Never", "", "exit0,exit1", "Failed" },
        { "Never", "", "exit0,running", "Running" },
        { "OnFailure", "", "exit0", "Succeeded" },
        { "OnFailure", "", "exit1", "Running" },
        { "OnFailure", "", "exit0,crashloop", "Running" },
    };

    [Theory]
    [MemberData(nameof(Phases))]
    public void Phase_OfContainers_IsTheKubelets(string policy, string init, string main, string expected) =>
        PodStatusBuilder.Phase(policy, Snapshot(Containers(main, "c"), Containers(init, "i"))).Should().Be(expected);

    [Theory]
    [InlineData("Always", "running", false, "waiting", "Pending")]
    [InlineData("Always", "running", true, "running", "Running")]
    [InlineData("Always", "running", false, "running", "Running")]
    [InlineData("Always", "crashloop", false, "running", "Running")]
    [InlineData("Never", "running", true, "exit0", "Running")]
    [InlineData("Never", "exit1", false, "exit0", "Succeeded")]
    public void Phase_WithASidecar_RunsUntilItHasEnded(string policy, string sidecar, bool started, string main, string expected) => PodStatusBuilder.Phase(
        policy, Snapshot(Containers(main, "c"), [.. Containers(sidecar, "s").Select(c => c with { IsSidecar = true, Started = started })])).Should().Be(expected);

    [Theory]
    [InlineData("exit0", "Succeeded")]
    [InlineData("exit0,exit1", "Failed")]
    public void Phase_FinishedThoughAlwaysRestarted_IsTerminal(string main, string expected) =>
        PodStatusBuilder.Phase("Always", Snapshot(Containers(main, "c"), []) with { Finished = true }).Should().Be(expected);

    [Fact]
    public void Build_NotAllReady_NamesTheUnreadyOnes()
    {
        var containers = Containers("running,running", "c");
        var status = PodStatusBuilder.Build(Pod(), Snapshot([containers[0], containers[1] with { PassesReadiness = false }], []), Now);
        Condition(status, "Ready").Should().Match<V1PodCondition>(c => c.Status == "False" && c.Reason == "ContainersNotReady" && c.Message == "containers with unready status: [c1]");
        Condition(status, "Initialized").Status.Should().Be("True");
        Condition(status, "PodReadyToStartContainers").Status.Should().Be("True");
    }

    [Fact]
    public void Build_ReadinessGate_HoldsReadyBack()
    {
        var pod = Pod() with { Spec = new V1PodSpec { ReadinessGates = [new V1PodReadinessGate { ConditionType = "example.dev/warm" }] } };
        var status = PodStatusBuilder.Build(pod, Snapshot(Containers("running", "c"), []), Now);
        Condition(status, "ContainersReady").Status.Should().Be("True");
        Condition(status, "Ready").Reason.Should().Be("ReadinessGatesNotReady");
    }

    [Fact]
    public void Build_ConditionUnchanged_KeepsItsTransitionTime()
    {
        var snapshot = Snapshot(Containers("running", "c"), []);
        var first = PodStatusBuilder.Build(Pod(), snapshot, Now);
        var later = PodStatusBuilder.Build(Pod() with { Status = first }, snapshot, Now.AddHours(1));
        Condition(later, "Ready").LastTransitionTime.Should().Be(Now);
    }

    [Fact]
    public void Build_Succeeded_SaysPodCompleted()
    {
        var pod = Pod() with { Spec = new V1PodSpec { RestartPolicy = "Never" } };
        var status = PodStatusBuilder.Build(pod, Snapshot(Containers("exit0", "c"), []), Now);
        status.Phase.Should().Be("Succeeded");
        Condition(status, "Ready").Should().Match<V1PodCondition>(c => c.Status == "False" && c.Reason == "PodCompleted");
        Condition(status, "Initialized").Reason.Should().Be("PodCompleted");
    }

    private static V1PodCondition Condition(V1PodStatus status, string type) => status.Conditions!.Single(c => c.Type == type);

    private static V1Pod Pod() => new() { Metadata = new V1ObjectMeta { Name = "p", Generation = 2 }, Spec = new V1PodSpec() };

    private static PodSnapshot Snapshot(IReadOnlyList<ContainerSnapshot> containers, IReadOnlyList<ContainerSnapshot> init) =>
        new() { HostIP = "127.0.0.1", PodIP = "127.1.0.1", StartTime = Now, SandboxReady = true, Containers = containers, InitContainers = init };

    private static ContainerSnapshot[] Containers(string states, string prefix) =>
        [.. states.Split(',', StringSplitOptions.RemoveEmptyEntries).Select((state, i) => Container(prefix + i, state))];

    private static ContainerSnapshot Container(string name, string state) => new()
    {
        Name = name,
        Started = true,
        PassesReadiness = true,
        State = state switch
        {
            "running" => new V1ContainerState { Running = new V1ContainerStateRunning { StartedAt = Now } },
            "exit0" => Exit(0),
            "exit1" => Exit(1),
            "crashloop" => ContainerSnapshot.WaitingState("CrashLoopBackOff"),
            _ => ContainerSnapshot.WaitingState("ContainerCreating"),
        },
        LastState = state == "crashloop" ? Exit(1) : null,
    };

    private static V1ContainerState Exit(int code) => new() { Terminated = new V1ContainerStateTerminated { ExitCode = code } };
}
