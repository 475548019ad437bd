using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Tests.Controller;
using Octavo.Operator.Tests.Resources;
using Octavo.Operator.Workloads;

namespace Octavo.Operator.Tests.Workloads;

/// <summary>Replicas that span nodes.</summary>
public sealed class LeaderWorkerSetTests
{
    private readonly OperatorHarness harness = new();

    [Fact]
    public async Task ReconcileAsync_ReplicaThatSpansNodes_MakesASetAndASelectorOfLeaders()
    {
        await harness.CreateAsync(Spec("VLLM"));

        await harness.ReconcileAsync();

        var set = await SetAsync();
        var template = set.Spec!.LeaderWorkerTemplate!;
        (set.Metadata.Name, set.Spec.Replicas, template.Size, template.RestartPolicy).Should().Be(("chat-nodes", 2, 2, "RecreateGroupOnPodRestart"));
        var leader = template.LeaderTemplate!.Spec!.Containers!.Single();
        var worker = template.WorkerTemplate!.Spec!.Containers!.Single();
        string.Join(' ', leader.Args!).Should().Contain("--tensor-parallel-size 8 --pipeline-parallel-size 2").And.EndWith("--nnodes 2 --node-rank $(LWS_WORKER_INDEX) --master-addr $(LWS_LEADER_ADDRESS)");
        worker.Args.Should().Equal([.. leader.Args!, "--headless"]);
        leader.ReadinessProbe.Should().NotBeNull();
        (worker.ReadinessProbe, worker.LivenessProbe, worker.StartupProbe, worker.Ports).Should().Be((null, null, null, null));
        worker.Lifecycle.Should().BeEquivalentTo(leader.Lifecycle, "a worker waits until its leader is idle");
        worker.Resources!.Limits.Should().Contain("nvidia.com/gpu", "8");
        PodSecurityStandard.Violations(template.WorkerTemplate.Spec).Should().BeEmpty();
        (await harness.DeploymentAsync()).Should().BeNull();
        var address = await harness.Client.GetAsync<V1Service>(OperatorHarness.Name, OperatorHarness.Namespace, CancellationToken.None);
        address.Spec!.Selector.Should().Contain("leaderworkerset.sigs.k8s.io/worker-index", "0");
        (await harness.ServiceAsync()).Status!.Selector.Should().Contain(",leaderworkerset.sigs.k8s.io/worker-index=0,");
    }

    [Fact]
    public async Task ReconcileAsync_AllGroupsReady_IsReadyAndWritesNothingMore()
    {
        await RunningAsync();

        var service = await harness.ServiceAsync();
        KStatus.Of(service).Should().Be("Current");
        (service.Status!.ReadyReplicas, service.Status.Replicas).Should().Be((2, 2));
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_OnlyAWorkerIsReady_TheModelIsNotLoaded()
    {
        await harness.CreateAsync(Spec("VLLM"));
        await harness.ReconcileAsync();
        await PodsAsync(leaderReady: false);

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("ModelReady"))!.Status.Should().Be("Unknown");
        (await harness.ServiceAsync()).Status!.Startup.Should().BeNull();
    }

    [Fact]
    public async Task ReconcileAsync_ClusterWithoutTheApi_SaysSoAndGoesOnWhenItAppears()
    {
        harness.SetsUnavailable = "the server serves no LeaderWorkerSet of leaderworkerset.x-k8s.io/v1";
        await harness.CreateAsync(Spec("VLLM"));
        await harness.ReconcileAsync();
        var condition = (await harness.ConditionAsync("WorkloadReady"))!;
        (condition.Status, condition.Reason).Should().Be(("False", "LeaderWorkerSetMissing"));
        condition.Message.Should().Contain(harness.SetsUnavailable).And.Contain("leaderworkerset.sigs.k8s.io");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();

        harness.SetsUnavailable = null;
        await harness.ReconcileAsync();

        (await SetAsync()).Should().NotBeNull();
    }

    [Fact]
    public async Task ReconcileAsync_ApiVanishes_TouchesNothing()
    {
        await RunningAsync();
        harness.SetsUnavailable = "gone";

        (await harness.WritesOfReconcileAsync()).Should().OnlyContain(w => w.Subresource == "status" || w.Kind == "Event");
    }

    [Fact]
    public async Task ReconcileAsync_OperatorWithOtherImage_KeepsBothTemplates()
    {
        await harness.CreateAsync(Spec("VLLM"));
        await harness.ReconcileAsync();
        var before = (await SetAsync()).Spec!.LeaderWorkerTemplate;
        harness.Controller = harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:2" });

        await harness.ReconcileAsync();

        KubernetesJson.DeepEquals((await SetAsync()).Spec!.LeaderWorkerTemplate, before).Should().BeTrue();
        (await harness.ServiceAsync()).Status!.Template!.Pending.Should().Contain("worker.spec.initContainers[model].image: octavo/serving-runtime:1 -> octavo/serving-runtime:2");
        await harness.Client.DeleteAsync<V1ControllerRevision>((await harness.RecordsAsync()).Single().Metadata.Name!, OperatorHarness.Namespace, null, CancellationToken.None);
        await harness.ReconcileAsync();
        KubernetesJson.DeepEquals((await SetAsync()).Spec!.LeaderWorkerTemplate, before).Should().BeTrue("a lost record is made again from the set");
    }

    [Fact]
    public async Task ReconcileAsync_FewerReplicas_WritesNoDeletionCost()
    {
        await RunningAsync();
        harness.States.Set(OperatorHarness.Key, AutoscalerState.Resume(1, null) with { Loads = new Dictionary<string, ReplicaLoad> { ["chat-nodes-0"] = new(0, 1, 0.1, 0.5, 0) } });
        await harness.ChangeSpecAsync(spec => spec with { Replicas = 1 });

        (await harness.WritesOfReconcileAsync()).Should().NotContain(w => w.Kind == "Pod", "groups go from the highest index on");

        (await SetAsync()).Spec!.Replicas.Should().Be(1);
    }

    [Fact]
    public async Task ReconcileAsync_LongName_IsRefused()
    {
        var service = new V1Alpha1InferenceService
        {
            Metadata = new V1ObjectMeta { Name = new string('a', ServingLeaderWorkerSet.LongestServiceName + 1), NamespaceProperty = OperatorHarness.Namespace }, Spec = Spec("VLLM"),
        };
        await harness.Client.CreateAsync(service, null, CancellationToken.None);
        await harness.SyncAsync();

        await harness.Controller.ReconcileAsync(harness.Cluster.Services.Single(), CancellationToken.None);

        (await harness.Client.GetAsync<V1Alpha1InferenceService>(service.Metadata.Name!, OperatorHarness.Namespace, CancellationToken.None))
            .Status!.Conditions!.Single(c => c.Type == "WorkloadReady").Reason.Should().Be("NameTooLong");
    }

    [Theory]
    [InlineData(8, 2, "--tp-size 8 --pp-size 2")]
    public void Arguments_SglangOverNodes_MeetAtTheLeader(int count, int nodes, string expected)
    {
        var service = new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" }, Spec = Spec("SGLang", count, nodes) };
        var templates = TemplateOf.All(service);

        string.Join(' ', templates.Main.Spec!.Containers![0].Args!).Should().Contain(expected).And.EndWith("--nnodes 2 --node-rank $(LWS_WORKER_INDEX) --dist-init-addr $(LWS_LEADER_ADDRESS):20000");
        templates.Worker!.Metadata!.Annotations![ServingObjectMeta.TemplateHash].Should().Be(templates.Main.Metadata!.Annotations![ServingObjectMeta.TemplateHash]);
        templates.Worker.Spec!.Containers![0].Lifecycle!.PreStop!.Exec!.Command![2].Should().Contain("LWS_LEADER_ADDRESS");
    }

    [Fact]
    public void Build_Paused_HoldsEveryGroup()
    {
        var service = new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" }, Spec = Spec("VLLM") };
        var record = Octavo.Operator.Templates.TemplateRecord.Of(TemplateOf.All(service), "w", "2");
        var plan = new WorkloadPlan { Service = service, Replicas = 3, Template = record, Bounds = new RolloutBounds(0, 1, IsPaused: true) };

        var set = ServingLeaderWorkerSet.Build(plan);

        set.Spec!.RolloutStrategy!.RollingUpdateConfiguration!.Partition.Should().Be(3);
        ServingLeaderWorkerSet.Read(set).IsPaused.Should().BeTrue();
        ServingLeaderWorkerSet.Read(ServingLeaderWorkerSet.Build(plan with { Bounds = new RolloutBounds(0, 1) })).IsPaused.Should().BeFalse();
    }

    private static InferenceServiceSpec Spec(string dialect, int count = 8, int nodes = 2) => new()
    {
        Model = new ModelSpec { Uri = "hf://org/large" },
        Runtime = new RuntimeSpec { Dialect = dialect, Image = "runtime:1" },
        Accelerator = new AcceleratorSpec { Count = count, Nodes = nodes },
        Replicas = 2,
    };

    private Task<V1LeaderWorkerSet> SetAsync() => harness.Client.GetAsync<V1LeaderWorkerSet>("chat-nodes", OperatorHarness.Namespace, CancellationToken.None);

    private async Task RunningAsync()
    {
        await harness.CreateAsync(Spec("VLLM"));
        await harness.ReconcileAsync();
        await PodsAsync(leaderReady: true);
        var set = await SetAsync();
        await harness.Client.UpdateStatusAsync(
            set with { Status = new V1LeaderWorkerSetStatus { ObservedGeneration = set.Metadata.Generation, Replicas = 2, ReadyReplicas = 2, UpdatedReplicas = 2 } }, null, CancellationToken.None);
        await harness.ReconcileAsync();
    }

    /// <summary>Plays the set's controller: a leader and a worker of each group.</summary>
    private async Task PodsAsync(bool leaderReady)
    {
        var template = (await SetAsync()).Spec!.LeaderWorkerTemplate!;
        for (var group = 0; group < 2; group++)
        {
            await PodAsync($"chat-nodes-{group}", "0", template.LeaderTemplate!, leaderReady ? Pods.Ready($"10.0.0.{group}") : new V1PodStatus { Phase = "Running" });
            await PodAsync($"chat-nodes-{group}-1", "1", template.WorkerTemplate!, Pods.Ready($"10.0.1.{group}"));
        }
    }

    private async Task PodAsync(string name, string index, V1PodTemplateSpec template, V1PodStatus status)
    {
        var labels = new Dictionary<string, string>(template.Metadata!.Labels!) { [V1LeaderWorkerSet.WorkerIndexLabel] = index };
        var pod = await harness.Client.CreateAsync(
            new V1Pod { Metadata = template.Metadata with { Name = name, NamespaceProperty = OperatorHarness.Namespace, Labels = labels }, Spec = template.Spec }, null, CancellationToken.None);
        await harness.Client.UpdateStatusAsync(pod with { Status = status }, null, CancellationToken.None);
    }
}
