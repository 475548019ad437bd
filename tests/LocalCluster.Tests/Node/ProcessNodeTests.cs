using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Tests.Node;

/// <summary>Pods as processes, through the API server.</summary>
[Collection(RunningClusterDefinition.Name)]
public sealed class ProcessNodeTests(RunningCluster cluster)
{
    [Fact]
    public async Task Pod_WithAnImageVolumeAndADevice_SeesTheFolderAndItsNumber()
    {
        var ns = await cluster.NamespaceAsync();
        var pod = RunningCluster.Pod(ns, "p", "cat $DIR/weights; echo $NVIDIA_VISIBLE_DEVICES", "Never", c => c with
        {
            Env = [new V1EnvVar { Name = "DIR", Value = "/model" }],
            VolumeMounts = [new V1VolumeMount { Name = "model", MountPath = "/model" }],
            Resources = new V1ResourceRequirements { Limits = new Dictionary<string, string> { ["nvidia.com/gpu"] = "1" } },
        });
        await cluster.CreateAsync(pod with { Spec = pod.Spec! with { Volumes = [new V1Volume { Name = "model", Image = new V1ImageVolumeSource { Reference = "models/tiny:1" } }] } });
        await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.Phase == "Succeeded");
        (await cluster.LogAsync(ns, "p")).Should().Be("of the image\n0\n");
    }

    [Fact]
    public async Task Pod_WithEnvironmentAndVolumes_SeesWhatItsSpecSays()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "settings", NamespaceProperty = ns }, Data = new Dictionary<string, string> { ["greeting"] = "hello" } });
        await cluster.CreateAsync(new V1Secret { Metadata = new V1ObjectMeta { Name = "keys", NamespaceProperty = ns }, StringData = new Dictionary<string, string> { ["token"] = "s3cret" } });
        var pod = RunningCluster.Pod(ns, "p", "cat $FILE; echo; echo $TOKEN; echo $0 $1; echo $NAME > $DIR/name; cat $DIR/name; cat $ACCOUNT/namespace", "Never", c => c with
        {
            Args = [.. c.Args!, "--host=$(POD_IP)", "/scratch"],
            Env =
            [
                new V1EnvVar { Name = "POD_IP", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "status.podIP" } } },
                new V1EnvVar { Name = "NAME", ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { FieldPath = "metadata.name" } } },
                new V1EnvVar { Name = "TOKEN", ValueFrom = new V1EnvVarSource { SecretKeyRef = new V1SecretKeySelector { Name = "keys", Key = "token" } } },
                new V1EnvVar { Name = "FILE", Value = "/etc/settings/greeting" },
                new V1EnvVar { Name = "DIR", Value = "/scratch" },
                new V1EnvVar { Name = "ACCOUNT", Value = "/var/run/secrets/kubernetes.io/serviceaccount" },
            ],
            VolumeMounts = [new V1VolumeMount { Name = "settings", MountPath = "/etc/settings" }, new V1VolumeMount { Name = "scratch", MountPath = "/scratch" }],
        });
        await cluster.CreateAsync(pod with
        {
            Spec = pod.Spec! with
            {
                Volumes =
                [
                    new V1Volume { Name = "settings", ConfigMap = new V1ConfigMapVolumeSource { Name = "settings" } },
                    new V1Volume { Name = "scratch", EmptyDir = new V1EmptyDirVolumeSource() },
                ],
            },
        });

        var ended = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.Phase == "Succeeded");
        var lines = (await cluster.LogAsync(ns, "p")).Split('\n');
        lines[0].Should().Be("hello");
        lines[1].Should().Be("s3cret");
        lines[2].Should().StartWith($"--host={ended.Status!.PodIP} {cluster.Host.StateFolder}");
        lines[3].Should().Be("p");
        lines[4].Should().Be(ns);
        ended.Status.PodIP.Should().StartWith("127.1.");
        ended.Status.ContainerStatuses!.Single().State!.Terminated!.Reason.Should().Be("Completed");
    }

    [Fact]
    public async Task Pod_ThatCrashes_IsRestartedWithBackOffAndSaysWhy()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "echo no model at /models/x; exit 10", change: c => c with { TerminationMessagePolicy = "FallbackToLogsOnError" }));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.ContainerStatuses?.FirstOrDefault() is { RestartCount: >= 1, State.Waiting.Reason: "CrashLoopBackOff" });
        var status = pod.Status!.ContainerStatuses!.Single();
        status.State!.Waiting!.Message.Should().MatchRegex("^back-off .* restarting failed container=main pod=p_");
        status.LastState!.Terminated.Should().Match<V1ContainerStateTerminated>(t => t.ExitCode == 10 && t.Reason == "Error" && t.Message == "no model at /models/x\n");
        pod.Status.Phase.Should().Be("Running");
        (await cluster.LogAsync(ns, "p", "previous=true")).Should().Be("no model at /models/x\n");
    }

    [Fact]
    public async Task Pod_TerminationMessageFile_IsTheMessage()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "printf from-file > $F; exit 1", "Never", c => c with { Env = [new V1EnvVar { Name = "F", Value = "/dev/termination-log" }] }));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.Phase == "Failed");
        pod.Status!.ContainerStatuses!.Single().State!.Terminated!.Message.Should().Be("from-file");
    }

    [Fact]
    public async Task Pod_FailingInitContainer_StaysPendingAndHoldsTheOthers()
    {
        var ns = await cluster.NamespaceAsync();
        var pod = RunningCluster.Pod(ns, "p", "sleep 600");
        await cluster.CreateAsync(pod with { Spec = pod.Spec! with { InitContainers = [new V1Container { Name = "model", Image = "shell", Args = ["-c", "exit 10"] }] } });
        var seen = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.InitContainerStatuses?.FirstOrDefault()?.RestartCount >= 1);
        seen.Status!.Phase.Should().Be("Pending");
        seen.Status.ContainerStatuses!.Single().State!.Waiting!.Reason.Should().Be("PodInitializing");
        seen.Status.Conditions!.Single(c => c.Type == "Initialized").Message.Should().Be("containers with incomplete status: [model]");
    }

    [Fact]
    public async Task Pod_UnknownImage_SaysWhatToDo()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "true", change: c => c with { Image = "nginx:1" }));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.ContainerStatuses?.FirstOrDefault()?.State?.Waiting?.Reason == "ImagePullBackOff");
        pod.Status!.ContainerStatuses!.Single().State!.Waiting!.Message.Should().Contain("--image nginx=");
    }

    [Fact]
    public async Task Pod_ConfigMapThatComesLate_StartsThen()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "echo $X", "Never", c => c with
        {
            EnvFrom = [new V1EnvFromSource { ConfigMapRef = new V1EnvSourceReference { Name = "late" } }],
        }));
        await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.ContainerStatuses?.FirstOrDefault()?.State?.Waiting?.Reason == "CreateContainerConfigError");
        await cluster.CreateAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "late", NamespaceProperty = ns }, Data = new Dictionary<string, string> { ["X"] = "here" } });
        await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.Phase == "Succeeded");
        (await cluster.LogAsync(ns, "p")).Should().Be("here\n");
    }

    [Fact]
    public async Task Pod_ReadinessProbe_FollowsTheContainer()
    {
        var ns = await cluster.NamespaceAsync();
        var flag = Path.Combine(cluster.Host.StateFolder, ns);
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "sleep 600", change: c => c with { ReadinessProbe = Probe($"test -f {flag}") }));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.Phase == "Running");
        pod.Status!.Conditions!.Single(c => c.Type == "Ready").Reason.Should().Be("ContainersNotReady");
        await File.WriteAllTextAsync(flag, "");
        await cluster.WaitForAsync<V1Pod>(ns, "p", p => Ready(p) == "True");
        File.Delete(flag);
        await cluster.WaitForAsync<V1Pod>(ns, "p", p => Ready(p) == "False");
    }

    [Fact]
    public async Task Pod_FailingLivenessProbe_IsRestartedAndTold()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "sleep 600", change: c => c with { LivenessProbe = Probe("echo not well; false") }));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.ContainerStatuses?.FirstOrDefault()?.RestartCount >= 1);
        pod.Status!.ContainerStatuses!.Single().LastState!.Terminated!.ExitCode.Should().Be(143);
        var events = await cluster.WaitForAllAsync<Corev1Event>(ns, all => all.Any(e => e.Reason == "Killing"));
        events.Select(e => e.Message).Should().Contain("Liveness probe failed: not well").And.Contain("Container main failed liveness probe, will be restarted");
    }

    [Fact]
    public async Task Pod_StartupProbe_HoldsTheOthersBack()
    {
        var ns = await cluster.NamespaceAsync();
        var flag = Path.Combine(cluster.Host.StateFolder, ns);
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "sleep 600", change: c => c with
        {
            StartupProbe = Probe($"test -f {flag}") with { FailureThreshold = 1000 },
            LivenessProbe = Probe($"test -f {flag}"),
        }));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.Phase == "Running");
        pod.Status!.ContainerStatuses!.Single().Started.Should().BeFalse();
        await File.WriteAllTextAsync(flag, "");
        var started = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.ContainerStatuses?.Single().Started == true);
        started.Status!.ContainerStatuses!.Single().RestartCount.Should().Be(0);
    }

    [Fact]
    public async Task Pod_Deleted_RunsItsHookGetsItsSignalAndLeavesNothing()
    {
        var ns = await cluster.NamespaceAsync();
        var trace = Path.Combine(cluster.Host.StateFolder, ns);
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", $"trap 'echo term >> {trace}; exit 0' TERM; echo up; while :; do sleep 0.05; done", change: c => c with
        {
            Lifecycle = new V1Lifecycle { PreStop = new V1LifecycleHandler { Exec = new V1ExecAction { Command = ["sh", "-c", $"echo prestop >> {trace}"] } } },
        }));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => Ready(p) == "True");
        await WaitForLogAsync(ns, "p", "up");
        var process = ProcessId(pod);
        await cluster.DeleteAsync<V1Pod>(ns, "p");
        await cluster.WaitUntilGoneAsync<V1Pod>(ns, "p");
        (await File.ReadAllTextAsync(trace)).Should().Be("prestop\nterm\n");
        IsAlive(process).Should().BeFalse();
    }

    [Fact]
    public async Task Pod_DeafToItsSignal_IsKilledAfterItsGrace()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "trap '' TERM; echo up; while :; do sleep 0.05; done"));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => Ready(p) == "True");
        await WaitForLogAsync(ns, "p", "up");
        await cluster.DeleteAsync<V1Pod>(ns, "p");
        await cluster.WaitUntilGoneAsync<V1Pod>(ns, "p");
        IsAlive(ProcessId(pod)).Should().BeFalse();
    }

    [Fact]
    public async Task Pod_WhoseProcessIsKilled_ComesBack()
    {
        var ns = await cluster.NamespaceAsync();
        await cluster.CreateAsync(RunningCluster.Pod(ns, "p", "exec sleep 600"));
        var pod = await cluster.WaitForAsync<V1Pod>(ns, "p", p => Ready(p) == "True");
        using (var process = System.Diagnostics.Process.GetProcessById(ProcessId(pod)))
        {
            process.Kill();
        }

        var back = await cluster.WaitForAsync<V1Pod>(ns, "p", p => p.Status?.ContainerStatuses?.Single() is { RestartCount: 1, Ready: true });
        back.Status!.ContainerStatuses!.Single().LastState!.Terminated!.ExitCode.Should().Be(137);
        back.Status.PodIP.Should().Be(pod.Status!.PodIP);
    }

    [Fact]
    public async Task Node_Registered_HasCapacityLeaseAndLogPort()
    {
        var node = await cluster.Client.GetAsync<V1Node>("node-1", null, CancellationToken.None);
        node.Status!.Allocatable!["example.dev/gpu"].Should().Be("2");
        node.Status.Conditions!.Single(c => c.Type == "Ready").Status.Should().Be("True");
        node.Status.AdditionalProperties!["daemonEndpoints"].GetProperty("kubeletEndpoint").GetProperty("Port").GetInt32().Should().BeGreaterThan(0);
        (await cluster.Client.GetAsync<V1Lease>("node-1", "kube-node-lease", CancellationToken.None)).Spec!.HolderIdentity.Should().Be("node-1");
    }

    internal static string? Ready(V1Pod pod) => pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready")?.Status;

    private static int ProcessId(V1Pod pod) =>
        int.Parse(pod.Status!.ContainerStatuses!.Single().ContainerID!["process://".Length..], System.Globalization.CultureInfo.InvariantCulture);

    private static bool IsAlive(int processId) => Directory.Exists($"/proc/{processId}");

    private static V1Probe Probe(string script) =>
        new() { Exec = new V1ExecAction { Command = ["sh", "-c", script] }, PeriodSeconds = 1, TimeoutSeconds = 50, FailureThreshold = 1 };

    private async Task WaitForLogAsync(string ns, string pod, string line)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!(await cluster.LogAsync(ns, pod)).Contains(line, StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, patience.Token);
        }
    }
}
