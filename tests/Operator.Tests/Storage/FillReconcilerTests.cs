using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Storage;
using Octavo.Operator.Tests.Controller;
using Octavo.ServingContract;

namespace Octavo.Operator.Tests.Storage;

public sealed class FillReconcilerTests
{
    private const string Space = OperatorHarness.Namespace;
    private readonly OperatorHarness harness = new();

    [Fact]
    public async Task ReconcileAsync_NewService_WaitsForOneJobAndThenServesAndIsQuiet()
    {
        await StartAsync();

        var job = (await JobsAsync()).Single();
        (await harness.DeploymentAsync()).Should().BeNull();
        (await ReasonAsync("ModelReady"), await ReasonAsync("WorkloadReady"), await ReasonAsync("Progressing")).Should().Be(("Unknown Fetching", "False WaitingForModel", "True InProgress"));
        (await harness.EventsAsync()).Should().Contain(e => e.Reason == "FetchStarted");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("InProgress");
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();

        await EndAsync(job, "Complete");
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();

        (await harness.DeploymentAsync())!.Spec!.Template!.Spec!.InitContainers!.Single().Args.Should().Contain(FetchFlags.CheckOnly);
        (await ReasonAsync("ModelReady"), await ReasonAsync("Ready")).Should().Be(("True Loaded", "True ReplicasReady"));
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();

        await harness.Client.DeleteAsync<V1Job>(job.Metadata.Name!, Space, null, CancellationToken.None);
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty("a Job that was cleaned up is not made again");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Current");
    }

    [Fact]
    public async Task ReconcileAsync_OtherModel_OldReplicasServeAndScaleUntilItIsThere()
    {
        await ServeAsync();
        var before = await TemplateAsync();

        await harness.ChangeSpecAsync(s => s with { Model = new ModelSpec { Uri = "hf://org/other" }, Replicas = 2 });
        await harness.ReconcileAsync();

        var jobs = await JobsAsync();
        jobs.Should().ContainSingle("the Job of the model that nobody wants any more is gone").Which.Spec!.Template!.Spec!.Containers!.Single().Args.Should().Contain("hf://org/other");
        var held = (await harness.DeploymentAsync())!;
        (await TemplateAsync()).Should().Be(before);
        held.Spec!.Replicas.Should().Be(2);
        await harness.RolloutAsync(ready: 2);
        await harness.ReconcileAsync();
        (await ReasonAsync("ModelReady"), await ReasonAsync("WorkloadReady"), await ReasonAsync("Ready")).Should().Be(("Unknown Fetching", "False WaitingForModel", "True ReplicasReady"));
        KStatus.Of(await harness.ServiceAsync()).Should().Be("InProgress");
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();

        await EndAsync(jobs.Single(), "Complete");
        await harness.ReconcileAsync();

        (await harness.DeploymentAsync())!.Spec!.Template!.Spec!.InitContainers!.Single().Args.Should().Contain("hf://org/other");
    }

    [Fact]
    public async Task ReconcileAsync_FetchFails_OldReplicasServeAndThePersonIsToldOnce()
    {
        await ServeAsync();
        await harness.ChangeSpecAsync(s => s with { Model = new ModelSpec { Uri = "hf://org/other" } });
        await harness.ReconcileAsync();
        var job = (await JobsAsync()).Single();
        await FailAsync(job, FetchExitCode.Unauthorized, "hf://org/other is gated");

        await harness.ReconcileAsync();

        (await ReasonAsync("ModelReady"), await ReasonAsync("Ready"), await ReasonAsync("Stalled")).Should().Be(("False Unauthorized", "True PreviousRevision", "True Unauthorized"));
        (await harness.ConditionAsync("ModelReady"))!.Message.Should().Contain("is gated").And.Contain($"Job {job.Metadata.Name} is deleted");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
        (await harness.EventsAsync()).Count(e => e.Reason == "ModelUnauthorized").Should().Be(1);
        harness.Time.Advance(TimeSpan.FromHours(5));
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty("only a person can help");

        await harness.Client.DeleteAsync<V1Job>(job.Metadata.Name!, Space, null, CancellationToken.None);
        await harness.ReconcileAsync();
        (await JobsAsync()).Should().ContainSingle("a person asked for another try").Which.Metadata.Uid.Should().NotBe(job.Metadata.Uid);
    }

    [Fact]
    public async Task ReconcileAsync_TwoServices_ShareOneJobThatGoesWithTheLast()
    {
        await StartAsync();
        await CreateAsync("second");
        await ReconcileAsync("second");

        var job = (await JobsAsync()).Single();
        job.Metadata.OwnerReferences!.Select(o => o.Name).Should().Equal("chat", "second");

        // The first changes its mind; the Job goes on for the second.
        await harness.ChangeSpecAsync(s => s with { Storage = null });
        await harness.ReconcileAsync();
        (await JobsAsync()).Single().Metadata.OwnerReferences!.Select(o => o.Name).Should().Equal("second");
        await harness.Client.DeleteAsync<V1Alpha1InferenceService>("chat", Space, null, CancellationToken.None);
        await ReconcileAsync("second");
        (await JobsAsync()).Should().ContainSingle().Which.Metadata.Uid.Should().Be(job.Metadata.Uid);

        var second = await harness.Client.GetAsync<V1Alpha1InferenceService>("second", Space, CancellationToken.None);
        await harness.Client.UpdateAsync(second with { Spec = second.Spec with { Storage = second.Spec.Storage! with { Fill = "Init" } } }, null, CancellationToken.None);
        await ReconcileAsync("second");
        (await JobsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task FinalizeAsync_LastOwner_EndsTheJobAndAnothersStays()
    {
        await StartAsync();
        await CreateAsync("second");
        await ReconcileAsync("second");
        foreach (var (name, left) in new[] { ("chat", 1), ("second", 0) })
        {
            var service = await harness.Client.GetAsync<V1Alpha1InferenceService>(name, Space, CancellationToken.None);
            await harness.Client.UpdateAsync(service with { Metadata = service.Metadata with { Finalizers = ["test"] } }, null, CancellationToken.None);
            await harness.Client.DeleteAsync<V1Alpha1InferenceService>(name, Space, null, CancellationToken.None);
            await harness.SyncAsync();
            await harness.Deletion.FinalizeAsync(await harness.Client.GetAsync<V1Alpha1InferenceService>(name, Space, CancellationToken.None), CancellationToken.None);

            (await JobsAsync()).Should().HaveCount(left);
        }
    }

    [Fact]
    public async Task ReconcileAsync_ModelWasEvicted_IsFetchedAgainAndReplicasStay()
    {
        await ServeAsync();
        var template = await TemplateAsync();
        harness.Time.Advance(TimeSpan.FromHours(1));
        var missed = Pods.FetchFailed((int)FetchExitCode.NotFound, "hf://org/name is not in the cache");
        missed = missed with
        {
            InitContainerStatuses = [missed.InitContainerStatuses![0] with { LastState = new V1ContainerState { Terminated = FillScene.Missed(harness.Time.GetUtcNow().AddMinutes(-1)) } }],
        };
        await harness.RolloutAsync(ready: 0, _ => missed);

        await harness.ReconcileAsync();

        (await JobsAsync()).Should().ContainSingle().Which.Metadata.Name.Should().EndWith("-2");
        (await ReasonAsync("ModelReady")).Should().Be("Unknown Fetching");
        (await harness.ConditionAsync("Stalled")).Should().BeNull();
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
        await EndAsync((await JobsAsync()).Single(), "Complete");
        await harness.ReconcileAsync();
        (await ReasonAsync("ModelReady")).Should().Be("Unknown Loading", "the replica looks again by itself");
        (await JobsAsync()).Should().ContainSingle();
        (await TemplateAsync()).Should().Be(template);
        (await harness.ConditionAsync("Stalled")).Should().BeNull();
    }

    [Fact]
    public async Task ReconcileAsync_ClaimCannotBeHad_TheConditionSaysWhatTheClusterSays()
    {
        await harness.CreateAsync(FillScene.Spec());
        await harness.ReconcileAsync();
        (await ReasonAsync("ModelReady")).Should().Be("False ClaimMissing");
        (await JobsAsync()).Should().BeEmpty();

        await PutClaimAsync("Pending");
        await harness.Client.CreateAsync(
            new Corev1Event
            {
                Metadata = new V1ObjectMeta { Name = "models.1", NamespaceProperty = Space }, Type = "Warning", Reason = "ProvisioningFailed", Message = "storageclass \"fast\" not found",
                InvolvedObject = new V1ObjectReference { Kind = "PersistentVolumeClaim", Name = FillScene.Claim },
            },
            null,
            CancellationToken.None);
        await harness.ReconcileAsync();
        await PutPodAsync((await JobsAsync()).Single(), FillScene.Pod(node: null));
        await harness.ReconcileAsync();

        (await ReasonAsync("ModelReady")).Should().Be("False ClaimPending");
        (await harness.ConditionAsync("ModelReady"))!.Message.Should().Be("PersistentVolumeClaim models is Pending: storageclass \"fast\" not found");
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_ReplicaFindsNoNode_TheClaimMaySayWhyThereToo()
    {
        await harness.CreateAsync(FillScene.Spec() with { Storage = new StorageSpec { ClaimName = FillScene.Claim } });
        await PutClaimAsync("Lost");
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 0, _ => Pods.Unschedulable("0/3 nodes are available"));
        await harness.ReconcileAsync();

        (await ReasonAsync("WorkloadReady")).Should().Be("False ClaimLost");
    }

    [Fact]
    public async Task Tick_JobFetches_EachServiceThatSharesItTellsHowFarItIs()
    {
        await StartAsync();
        await CreateAsync("second");
        await ReconcileAsync("second");
        await PutPodAsync((await JobsAsync()).Single(), FillScene.Pod());
        await harness.SyncAsync();
        var asked = 0;
        var woken = new List<string>();
        using var handler = new Handler(() => asked++);
        var reader = new FetchProgressReader(new HttpClient(handler), harness.Time, TimeSpan.FromSeconds(1));

        await new FetchWatch(harness.Cluster, harness.Fills, harness.Fetches, reader, key => woken.Add(key.Name), harness.Time).TickAsync(CancellationToken.None);
        await harness.ReconcileAsync();

        asked.Should().Be(1);
        woken.Should().BeEquivalentTo("chat", "second");
        (await harness.ServiceAsync()).Status!.Model.Should().Be(new ModelStatus { Bytes = 10, TotalBytes = 100, BytesPerSecond = 5, RemainingSeconds = 18 });
        (await harness.ConditionAsync("ModelReady"))!.Message.Should().Contain("is being fetched by Job");
    }

    [Fact]
    public async Task ReconcileAsync_JobOfAStranger_IsLeftAlone()
    {
        await PutClaimAsync("Bound");
        var wanted = FillJob.NameOf(FillKey.Of(FillScene.Service())!, 1);
        await harness.Client.CreateAsync(new V1Job { Metadata = new V1ObjectMeta { Name = wanted, NamespaceProperty = Space }, Spec = new V1JobSpec() }, null, CancellationToken.None);
        await harness.CreateAsync(FillScene.Spec());

        await harness.ReconcileAsync();

        (await ReasonAsync("WorkloadReady")).Should().Be("False NameConflict");
        (await JobsAsync()).Single().Metadata.OwnerReferences.Should().BeNull();
    }

    private async Task StartAsync()
    {
        await PutClaimAsync("Bound");
        await harness.CreateAsync(FillScene.Spec());
        await harness.ReconcileAsync();
    }

    private async Task ServeAsync()
    {
        await StartAsync();
        await EndAsync((await JobsAsync()).Single(), "Complete");
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();
    }

    private async Task CreateAsync(string name)
    {
        harness.Time.Advance(TimeSpan.FromSeconds(1));
        await harness.Client.CreateAsync(new V1Alpha1InferenceService { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = Space }, Spec = FillScene.Spec() }, null, CancellationToken.None);
    }

    private async Task ReconcileAsync(string name)
    {
        await harness.SyncAsync();
        await harness.Controller.ReconcileAsync(await harness.Client.GetAsync<V1Alpha1InferenceService>(name, Space, CancellationToken.None), CancellationToken.None);
    }

    private async Task PutClaimAsync(string phase)
    {
        var claim = new V1PersistentVolumeClaim
        {
            Metadata = new V1ObjectMeta { Name = FillScene.Claim, NamespaceProperty = Space }, Spec = new V1PersistentVolumeClaimSpec { AccessModes = ["ReadWriteMany"] },
        };
        var made = await harness.Client.CreateAsync(claim, null, CancellationToken.None);
        await harness.Client.UpdateStatusAsync(made with { Status = new V1PersistentVolumeClaimStatus { Phase = phase } }, null, CancellationToken.None);
    }

    private async Task EndAsync(V1Job job, string condition) => await harness.Client.UpdateStatusAsync(
        await harness.Client.GetAsync<V1Job>(job.Metadata.Name!, Space, CancellationToken.None) with
        {
            Status = new V1JobStatus
            {
                CompletionTime = harness.Time.GetUtcNow(),
                Conditions = [new V1JobCondition { Type = condition, Status = "True", Reason = "PodFailurePolicy", LastTransitionTime = harness.Time.GetUtcNow() }],
            },
        },
        null,
        CancellationToken.None);

    private async Task FailAsync(V1Job job, FetchExitCode code, string said)
    {
        await PutPodAsync(job, FillScene.Pod(exitCode: (int)code, said: said));
        await EndAsync(job, "Failed");
    }

    private async Task PutPodAsync(V1Job job, V1Pod pod)
    {
        var made = await harness.Client.CreateAsync(
            pod with
            {
                Metadata = pod.Metadata with { Labels = job.Spec!.Template!.Metadata!.Labels, OwnerReferences = [pod.Metadata.OwnerReferences![0] with { Uid = job.Metadata.Uid! }] },
            },
            null,
            CancellationToken.None);
        await harness.Client.UpdateStatusAsync(made with { Status = pod.Status }, null, CancellationToken.None);
    }

    private async Task<string> TemplateAsync() => KubernetesJson.ToNode((await harness.DeploymentAsync())!.Spec!.Template).ToJsonString();

    private async Task<IReadOnlyList<V1Job>> JobsAsync() => (await harness.Client.ListAsync<V1Job>(Space, null, CancellationToken.None)).Items;

    private async Task<string?> ReasonAsync(string type) => await harness.ConditionAsync(type) is { } condition ? $"{condition.Status} {condition.Reason}" : null;

    private sealed class Handler(Action asked) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            asked();
            var progress = new FetchProgress { Phase = FetchPhase.Downloading, Bytes = 10, TotalBytes = 100, BytesPerSecond = 5, RemainingSeconds = 18 };
            return Task.FromResult(new HttpResponseMessage { Content = new ByteArrayContent(progress.ToJson()) });
        }
    }
}
