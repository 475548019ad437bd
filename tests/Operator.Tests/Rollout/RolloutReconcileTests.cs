using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Rollout;
using Octavo.Operator.Tests.Controller;

namespace Octavo.Operator.Tests.Rollout;

/// <summary>Rollouts as the controller drives them: what it writes to the workload, and what it tells.</summary>
public sealed class RolloutReconcileTests
{
    private readonly OperatorHarness harness = new();
    private int pods;

    [Fact]
    public async Task ReconcileAsync_SpareAcceleratorIsProven_SurgesInTheSameWriteAsTheTemplate()
    {
        await StartAsync(replicas: 2, "a gpu=3");

        await ChangeAsync();

        (await WrittenAsync()).Should().Be((1, 0, null));
        (await harness.ConditionAsync("RolloutPlanned"))!.Should().Match<V1Condition>(c =>
            c.Status == "True" && c.Reason == "SpareCapacity" && c.Message == "A new replica is ready before an old one goes, 1 at a time: need 1 nvidia.com/gpu, free 1 on 1 matching node.");
        var status = (await harness.ServiceAsync()).Status!;
        status.Rollout.Should().BeEquivalentTo(new { Strategy = "Surge", Reason = "SpareCapacity", UpdatedReplicas = 0, ReadyReplicas = 0, TotalReplicas = 2 });
        status.Accelerators.Should().Be(new AcceleratorStatus { Resource = Scene.Gpu, Needed = 2, Free = 1 });
    }

    [Theory]
    [InlineData("a gpu=2", "", null, "NoSpareCapacity", "need 1 nvidia.com/gpu, free 0 on 1 matching node.")]
    [InlineData("a gpu=3", "a gpu=1", null, "NoSpareCapacity", "need 1 nvidia.com/gpu, free 0 on 1 matching node.")]
    [InlineData("a gpu=3", "- gpu=1", null, "NoSpareCapacity", "need 1 nvidia.com/gpu, free 1 on 1 matching node; 1 pod of others waits for it.")]
    [InlineData("a gpu=3", "", "nodes is forbidden", "CapacityUnknown", "free accelerators cannot be counted: nodes is forbidden.")]
    public async Task ReconcileAsync_NoSpareAccelerator_GoesInPlaceAndSaysWhy(string nodes, string others, string? unknown, string reason, string why)
    {
        harness.CapacityUnknown = unknown;
        await StartAsync(replicas: 2, nodes, others);

        await ChangeAsync();

        (await WrittenAsync()).Should().Be((0, 1, null));
        var planned = await harness.ConditionAsync("RolloutPlanned");
        planned!.Reason.Should().Be(reason);
        planned.Message.Should().Be($"Each old replica drains and is replaced in its place, one at a time: {why}");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("InProgress");
    }

    [Fact]
    public async Task ReconcileAsync_RolloutMoves_TellsProgressAndComesToRest()
    {
        await StartAsync(replicas: 2, "a gpu=2");
        await ChangeAsync();
        (await harness.ConditionAsync("Progressing"))!.Message.Should().Be("0 out of 2 new replicas have been updated.");

        await harness.Client.DeleteAsync<V1Pod>("pod-0", OperatorHarness.Namespace, null, CancellationToken.None);
        await AddPodAsync("starting");
        await StatusAsync(updated: 1, ready: 1);
        await harness.ReconcileAsync();
        (await harness.ConditionAsync("Progressing"))!.Should().Match<V1Condition>(c => c.Reason == "RollingOut" && c.Message == "1 out of 2 new replicas have been updated.");
        (await WrittenAsync()).Should().Be((0, 1, null));

        await ReplaceAllAsync("ready");
        await harness.ReconcileAsync();

        (await WrittenAsync()).Should().Be((1, 0, null), "at rest nothing is taken down");
        (await harness.ConditionAsync("RolloutPlanned")).Should().BeNull();
        var rollout = (await harness.ServiceAsync()).Status!.Rollout!;
        rollout.Should().BeEquivalentTo(new { Strategy = "InPlace", Reason = "NoSpareCapacity", UpdatedReplicas = 2, ReadyReplicas = 2, TotalReplicas = 2 });
        (await harness.EventsAsync()).Select(e => e.Reason).Should().Contain(["RolloutStarted", "RolloutComplete"]);
        await StatusAsync(updated: 2, ready: 2);
        await harness.ReconcileAsync();
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Current");
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_NewRevisionFails_StopsAndTheOldReplicasStayReady()
    {
        await StartAsync(replicas: 2, "a gpu=2");
        await ChangeAsync();
        await harness.Client.DeleteAsync<V1Pod>("pod-0", OperatorHarness.Namespace, null, CancellationToken.None);
        await AddPodAsync("crashing");
        await StatusAsync(updated: 1, ready: 1);

        await harness.ReconcileAsync();

        (await WrittenAsync()).Should().Be((0, 1, true));
        (await harness.ConditionAsync("Progressing"))!.Should().Match<V1Condition>(c =>
            c.Status == "False" && c.Reason == "RevisionFailed" && c.Message!.Contains("pod-2: container runtime ended with exit code 1 after 3 restarts: out of memory", StringComparison.Ordinal)
            && c.Message.EndsWith("1 replica of the revision before goes on answering.", StringComparison.Ordinal));
        (await harness.ConditionAsync("Ready"))!.Status.Should().Be("True");
        (await harness.ConditionAsync("Stalled"))!.Reason.Should().Be("RevisionFailed");
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "RevisionFailed" && e.Type == "Warning");
        await harness.ReconcileAsync();
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty("a rollout that is stopped is at rest");

        // The next wish goes on, and replaces the failing replica first.
        await harness.ChangeSpecAsync(s => s with { Rollout = new RolloutSpec { DrainSeconds = 5 } });
        await harness.ReconcileAsync();
        (await WrittenAsync()).Should().Be((0, 1, null));
        (await harness.ConditionAsync("Stalled")).Should().BeNull();
    }

    [Fact]
    public async Task ReconcileAsync_KubectlRestartsTheDeployment_IsARolloutLikeAnyOther()
    {
        await StartAsync(replicas: 1, "a gpu=1");
        var deployment = (await harness.DeploymentAsync())!;
        await AddRevisionAsync(deployment, "aaa", 1);
        await AddRevisionAsync(deployment, "bbb", 2);
        await SetDeploymentRevisionAsync(2);
        await LabelPodAsync("pod-0", "aaa");
        await AddPodAsync("stuck", node: null, hash: "bbb");

        await harness.ReconcileAsync();

        (await WrittenAsync()).Should().Be((0, 1, null), "the surge that the Deployment began finds no accelerator");
        (await harness.ConditionAsync("RolloutPlanned"))!.Reason.Should().Be("NoSpareCapacity");
    }

    [Fact]
    public async Task ReconcileAsync_SomebodyPausedTheDeployment_SaysSoAndLeavesIt()
    {
        await StartAsync(replicas: 1, "a gpu=1");
        var deployment = (await harness.DeploymentAsync())!;
        await harness.Client.UpdateAsync(deployment with { Spec = deployment.Spec! with { Paused = true } }, null, CancellationToken.None);

        await ChangeAsync();

        (await harness.ConditionAsync("Progressing"))!.Should().Match<V1Condition>(c => c.Status == "True" && c.Reason == "Paused");
    }

    [Theory]
    [InlineData("ReadWriteOnce", "NoSpareCapacity")]
    [InlineData("ReadWriteOncePod", "VolumeInUse")]
    [InlineData("ReadWriteMany", "SpareCapacity")]
    public async Task ReconcileAsync_ClaimOfTheUser_IsAskedWhereItCanBeMounted(string mode, string reason)
    {
        await harness.Client.CreateAsync(
            new V1PersistentVolumeClaim
            {
                Metadata = new V1ObjectMeta { Name = "models", NamespaceProperty = OperatorHarness.Namespace }, Spec = new V1PersistentVolumeClaimSpec { AccessModes = [mode] },
            },
            null,
            CancellationToken.None);
        await StartAsync(replicas: 1, "a gpu=1; b gpu=1", spec: s => s with { Model = new ModelSpec { Uri = "pvc://models/tiny" } });

        await ChangeAsync();

        (await harness.ConditionAsync("RolloutPlanned"))!.Reason.Should().Be(reason);
    }

    [Theory]
    [InlineData("Surge", 1, 0)]
    [InlineData("InPlace", 0, 1)]
    public async Task ReconcileAsync_StrategyIsAskedFor_IsFollowed(string strategy, int surge, int unavailable)
    {
        await StartAsync(replicas: 1, strategy == "Surge" ? "a gpu=1" : "a gpu=8", spec: s => s with { Rollout = new RolloutSpec { Strategy = strategy } });

        await ChangeAsync();

        (await WrittenAsync()).Should().Be((surge, unavailable, null));
        (await harness.ConditionAsync("RolloutPlanned"))!.Reason.Should().Be("Requested");
    }

    /// <summary>A service that runs: every replica ready on node a.</summary>
    private async Task StartAsync(int replicas, string nodes, string others = "", Func<InferenceServiceSpec, InferenceServiceSpec>? spec = null)
    {
        foreach (var node in nodes.Split(';'))
        {
            await harness.Client.CreateAsync(Scene.Node(node.Split(' ', StringSplitOptions.RemoveEmptyEntries)), null, CancellationToken.None);
        }

        var wished = OperatorHarness.Spec() with
        {
            Replicas = replicas, Accelerator = new AcceleratorSpec { Resource = Scene.Gpu, Count = 1 }, Runtime = new RuntimeSpec { Image = "example.com/cuda:1" },
        };
        await harness.CreateAsync(spec is null ? wished : spec(wished));
        await harness.ReconcileAsync();
        foreach (var other in others.Split(';', StringSplitOptions.RemoveEmptyEntries).Select((words, i) => Scene.Other(words, i)))
        {
            await harness.Client.CreateAsync(other, null, CancellationToken.None);
        }

        for (var i = 0; i < replicas; i++)
        {
            await AddPodAsync("ready");
        }

        await StatusAsync(updated: replicas, ready: replicas);
        await harness.ReconcileAsync();
        (await WrittenAsync()).Should().Be((1, 0, null));
    }

    private async Task ChangeAsync()
    {
        await harness.ChangeSpecAsync(s => s with { Runtime = s.Runtime! with { Image = "example.com/cuda:2" } });
        await harness.ReconcileAsync();
    }

    private async Task<(int Surge, int Unavailable, bool? Paused)> WrittenAsync()
    {
        var spec = (await harness.DeploymentAsync())!.Spec!;
        return (spec.Strategy!.RollingUpdate!.MaxSurge!.Value.IntValue, spec.Strategy.RollingUpdate.MaxUnavailable!.Value.IntValue, spec.Paused);
    }

    private async Task AddPodAsync(string state, string? node = "a", string? hash = null)
    {
        var template = (await harness.DeploymentAsync())!.Spec!.Template!;
        var labels = template.Metadata!.Labels!.ToDictionary(StringComparer.Ordinal);
        if (hash is not null)
        {
            labels[WorkloadRevision.HashLabel] = hash;
        }

        var pod = await harness.Client.CreateAsync(
            new V1Pod { Metadata = template.Metadata with { Name = $"pod-{pods++}", NamespaceProperty = OperatorHarness.Namespace, Labels = labels }, Spec = template.Spec! with { NodeName = node } },
            null,
            CancellationToken.None);
        await harness.Client.UpdateStatusAsync(pod with { Status = Scene.Status(state) }, null, CancellationToken.None);
    }

    private async Task LabelPodAsync(string name, string hash)
    {
        var pod = await harness.Client.GetAsync<V1Pod>(name, OperatorHarness.Namespace, CancellationToken.None);
        var labels = pod.Metadata.Labels!.ToDictionary(StringComparer.Ordinal);
        labels[WorkloadRevision.HashLabel] = hash;
        await harness.Client.UpdateAsync(pod with { Metadata = pod.Metadata with { Labels = labels } }, null, CancellationToken.None);
    }

    private async Task ReplaceAllAsync(string state)
    {
        var old = (await harness.Client.ListAsync<V1Pod>(OperatorHarness.Namespace, null, CancellationToken.None)).Items.ToList();
        foreach (var pod in old)
        {
            await harness.Client.DeleteAsync<V1Pod>(pod.Metadata.Name!, OperatorHarness.Namespace, null, CancellationToken.None);
        }

        foreach (var _ in old)
        {
            await AddPodAsync(state);
        }
    }

    private async Task StatusAsync(int updated, int ready)
    {
        var deployment = (await harness.DeploymentAsync())!;
        var status = new V1DeploymentStatus { ObservedGeneration = deployment.Metadata.Generation, Replicas = 2, UpdatedReplicas = updated, ReadyReplicas = ready, AvailableReplicas = ready };
        await harness.Client.UpdateStatusAsync(deployment with { Status = status with { Replicas = Math.Min(2, deployment.Spec!.Replicas!.Value) } }, null, CancellationToken.None);
    }

    private Task AddRevisionAsync(V1Deployment deployment, string hash, int revision)
    {
        var labels = deployment.Metadata.Labels!.ToDictionary(StringComparer.Ordinal);
        labels[WorkloadRevision.HashLabel] = hash;
        return harness.Client.CreateAsync(
            new WorkloadRevision
            {
                Metadata = new V1ObjectMeta
                {
                    Name = $"chat-{hash}",
                    NamespaceProperty = OperatorHarness.Namespace,
                    Labels = labels,
                    Annotations = new Dictionary<string, string> { ["deployment.kubernetes.io/revision"] = $"{revision}" },
                    OwnerReferences = [new V1OwnerReference { ApiVersion = "apps/v1", Kind = "Deployment", Name = "chat", Uid = deployment.Metadata.Uid!, Controller = true }],
                },
            },
            null,
            CancellationToken.None);
    }

    private async Task SetDeploymentRevisionAsync(int revision)
    {
        var deployment = (await harness.DeploymentAsync())!;
        var annotations = deployment.Metadata.Annotations!.ToDictionary(StringComparer.Ordinal);
        annotations["deployment.kubernetes.io/revision"] = $"{revision}";
        await harness.Client.UpdateAsync(deployment with { Metadata = deployment.Metadata with { Annotations = annotations } }, null, CancellationToken.None);
    }
}
