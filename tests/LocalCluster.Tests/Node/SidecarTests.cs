using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Tests.Node;

/// <summary>Init containers with the restart policy Always: they start in their place, run beside the containers, and end after them.</summary>
[Collection(RunningClusterDefinition.Name)]
public sealed class SidecarTests(RunningCluster cluster)
{
    [Fact]
    public async Task Pod_SidecarNotYetStarted_HoldsTheOthersBack()
    {
        var ns = await cluster.NamespaceAsync();
        var flag = Flag(ns);
        await cluster.CreateAsync(Pod(ns, "sleep 600", "Always", Sidecar("model", "sleep 600") with { StartupProbe = Probe($"test -f {flag}") with { FailureThreshold = 1000 } }));

        var held = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.InitContainerStatuses?.Single().State?.Running is not null);
        held.Status!.Phase.Should().Be("Pending");
        held.Status.ContainerStatuses!.Single().State!.Waiting!.Reason.Should().Be("PodInitializing");
        Initialized(held).Should().Be("False");

        await File.WriteAllTextAsync(flag, "");
        var ready = await cluster.WaitForAsync<V1Pod>(ns, "p", p => ProcessNodeTests.Ready(p) == "True");
        ready.Status!.Phase.Should().Be("Running");
        ready.Status.InitContainerStatuses!.Single().Should().Match<V1ContainerStatus>(s => s.Ready && s.Started == true);
    }

    [Fact]
    public async Task Pod_SidecarThatEnds_IsStartedAgainWhileTheContainersGoOn()
    {
        var ns = await cluster.NamespaceAsync();
        var flag = Flag(ns);
        var sidecar = Sidecar("model", "sleep 600") with
        {
            StartupProbe = Probe($"test ! -f {flag}.down") with { FailureThreshold = 1000 },
            LivenessProbe = Probe($"test ! -f {flag}"),
        };
        await cluster.CreateAsync(Pod(ns, "sleep 600", "Always", sidecar));
        var first = await cluster.WaitForAsync<V1Pod>(ns, "p", p => ProcessNodeTests.Ready(p) == "True");
        var main = first.Status!.ContainerStatuses!.Single().ContainerID;

        await File.WriteAllTextAsync(flag + ".down", "");
        await File.WriteAllTextAsync(flag, "");
        var again = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.InitContainerStatuses?.Single() is { RestartCount: >= 1, State.Running: not null } && ProcessNodeTests.Ready(p) == "False");
        again.Status!.Phase.Should().Be("Running", "what has started is not taken back");
        Initialized(again).Should().Be("True");

        File.Delete(flag);
        File.Delete(flag + ".down");
        var back = await cluster.WaitForAsync<V1Pod>(ns, "p", p => ProcessNodeTests.Ready(p) == "True");
        back.Status!.ContainerStatuses!.Single().ContainerID.Should().Be(main, "the app was left alone");
    }

    [Fact]
    public async Task Pod_Deleted_SidecarsEndAfterTheContainersTheLastFirst()
    {
        var ns = await cluster.NamespaceAsync();
        var trace = Flag(ns);
        await cluster.CreateAsync(Pod(ns, Traced("main", trace), "Always", Sidecar("one", Traced("one", trace)), Sidecar("two", Traced("two", trace))));
        await cluster.WaitForAsync<V1Pod>(ns, "p", p => ProcessNodeTests.Ready(p) == "True");
        await Octavo.TestSupport.Eventually.HoldsAsync(() => File.Exists(trace) && File.ReadAllLines(trace).Length == 3, "all have set their traps");

        await cluster.DeleteAsync<V1Pod>(ns, "p");
        await cluster.WaitUntilGoneAsync<V1Pod>(ns, "p");

        (await File.ReadAllLinesAsync(trace)).Skip(3).Should().Equal("main ends", "two ends", "one ends");
    }

    [Fact]
    public async Task Job_WithASidecar_IsCompleteWhenItsContainersAre()
    {
        var ns = await cluster.NamespaceAsync();
        var pod = Pod(ns, "exit 0", "Never", Sidecar("model", "sleep 600"));
        await cluster.CreateAsync(pod);

        var ended = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.Phase is "Succeeded" or "Failed");

        ended.Status!.Phase.Should().Be("Succeeded");
        ended.Status.InitContainerStatuses!.Single().State!.Terminated!.ExitCode.Should().Be(143);
    }

    private static string? Initialized(V1Pod pod) => pod.Status!.Conditions!.Single(c => c.Type == "Initialized").Status;

    private static string Traced(string name, string trace) => $"trap 'echo {name} ends >> {trace}; exit 0' TERM; echo {name} up >> {trace}; while :; do sleep 0.05; done";

    private static V1Container Sidecar(string name, string script) => new() { Name = name, Image = "shell:1", Args = ["-c", script], RestartPolicy = "Always" };

    private static V1Pod Pod(string ns, string script, string restartPolicy, params V1Container[] sidecars)
    {
        var pod = RunningCluster.Pod(ns, "p", script, restartPolicy);
        return pod with { Spec = pod.Spec! with { InitContainers = sidecars } };
    }

    private static V1Probe Probe(string script) =>
        new() { Exec = new V1ExecAction { Command = ["sh", "-c", script] }, PeriodSeconds = 1, TimeoutSeconds = 50, FailureThreshold = 1 };

    private string Flag(string ns) => Path.Combine(cluster.Host.StateFolder, ns);
}
